/** A rule of the facts pack's words as Kubernetes takes it: CEL and the message that the API server gives. */
export interface CelRule {
  rule: string
  message: string
}

const atMostOne = (...fields: string[]): string =>
  `${fields.map((field) => `(has(self.${field}) ? 1 : 0)`).join(' + ')} <= 1`

const port = 'port must be between 1-65535'
const oneCredential = 'only one of credentialName or credentialNames can be set'

const urlScheme: CelRule = {
  // A text without a scheme is read as a host: docker.io/x is fine, ftp://x is not.
  rule: `isURL(self) ? (url(self).getScheme() in ["", "http", "https", "oci", "file"]) : (isURL("http://" + self) && url("http://" + self).getScheme() in ["", "http", "https", "oci", "file"])`,
  message: 'url must have schema one of [http, https, file, oci]',
}

const noSuchKeys = '!self.exists(key, key.contains("*"))'

/** Every sentence that the facts use for a rule. A sentence that is missing here makes the generator of the CRDs throw. */
export const celRules: Readonly<Record<string, CelRule>> = {
  'at most one of selector|targetRef|targetRefs': {
    rule: atMostOne('selector', 'targetRef', 'targetRefs'),
    message: 'only one of targetRefs or selector can be set',
  },
  'at most one of selector|targetRefs': {
    rule: atMostOne('selector', 'targetRefs'),
    message: 'only one of targetRefs or selector can be set',
  },
  'at most one of workloadSelector|targetRefs': {
    rule: atMostOne('workloadSelector', 'targetRefs'),
    message: 'only one of targetRefs or workloadSelector can be set',
  },
  'at most one of workloadSelector|endpoints': {
    rule: atMostOne('workloadSelector', 'endpoints'),
    message: 'only one of WorkloadSelector or Endpoints can be set',
  },
  'at most one of jwksUri|jwks_uri|jwks': {
    rule: atMostOne('jwksUri', 'jwks_uri', 'jwks'),
    message: 'only one of jwks or jwksUri can be set',
  },
  'at most one of tlsCertificates|credentialNames': {
    rule: atMostOne('tlsCertificates', 'credentialNames'),
    message: 'only one of credentialNames or tlsCertificates can be set',
  },
  'at most one of credentialName|credentialNames': {
    rule: atMostOne('credentialName', 'credentialNames'),
    message: oneCredential,
  },
  'at most one of credentialNames|tlsCertificates (written twice upstream)': {
    rule: atMostOne('credentialNames', 'tlsCertificates'),
    message: 'only one of credentialNames or tlsCertificates can be set',
  },
  'exactly one of wasm|lua': {
    rule: '(has(self.wasm) ? 1 : 0) + (has(self.lua) ? 1 : 0) == 1',
    message: 'exactly one of wasm or lua must be set',
  },
  'if serviceAccounts or notServiceAccounts is present, none of principals|notPrincipals|namespaces|notNamespaces may be':
    {
      rule: '(has(self.serviceAccounts) || has(self.notServiceAccounts)) ? !(has(self.principals) || has(self.notPrincipals) || has(self.namespaces) || has(self.notNamespaces)) : true',
      message: 'Cannot set serviceAccounts with namespaces or principals',
    },
  'no map key contains *': { rule: noSuchKeys, message: 'wildcard not allowed in label key match' },
  'no map key is empty': { rule: 'self.all(key, key.size() != 0)', message: 'key must not be empty' },
  'value contains no *': { rule: '!self.contains("*")', message: 'wildcard not allowed in label value match' },
  // The same sentence at spec.workloadSelector.labels has another message.
  'value contains no * (workloadSelector)': {
    rule: '!self.contains("*")',
    message: 'wildcard is not supported in selector',
  },
  'must be the empty string (own namespace only)': {
    rule: 'self.size() == 0',
    message: 'cross namespace referencing is not currently supported',
  },
  'duration at least 1ms': {
    rule: "duration(self) >= duration('1ms')",
    message: 'must be a valid duration greater than 1ms',
  },
  'waypoint present exactly when context is WAYPOINT': {
    rule: 'has(self.context) && self.context == "WAYPOINT" ? has(self.waypoint) : !has(self.waypoint)',
    message: 'only support waypointMatch when context is WAYPOINT',
  },
  'integer 1..65535': { rule: '0 < self && self <= 65535', message: port },
  'every map key is an integer 1..65535': { rule: 'self.all(key, 0 < int(key) && int(key) <= 65535)', message: port },
  'portLevelMtls needs selector.matchLabels with at least one entry': {
    rule: '!has(self.portLevelMtls) || (has(self.selector) && has(self.selector.matchLabels) && self.selector.matchLabels.size() > 0)',
    message: 'portLevelMtls requires selector',
  },
  'URL scheme http or https': {
    rule: 'url(self).getScheme() in ["http", "https"]',
    message: 'url must have scheme http:// or https://',
  },
  'URL scheme one of none|http|https|file|oci (text without a scheme is read as host)': urlScheme,
  'URL scheme one of none|http|https|oci|file (text without a scheme is read as host)': urlScheme,
  'addresses holding a / (CIDR) only with resolution NONE (also when unset) or STATIC': {
    rule: `has(self.addresses) && self.addresses.exists(address, address.contains("/")) ? (!has(self.resolution) || self.resolution == "NONE" || self.resolution == "STATIC") : true`,
    message: 'CIDR addresses are allowed only for NONE/STATIC resolution types',
  },
  'resolution NONE or unset: no endpoints': {
    rule: '(!has(self.resolution) || self.resolution == "NONE") ? !has(self.endpoints) : true',
    message: 'NONE mode cannot set endpoints',
  },
  'resolution DNS_ROUND_ROBIN: at most 1 endpoint': {
    rule: 'has(self.resolution) && self.resolution == "DNS_ROUND_ROBIN" ? (!has(self.endpoints) || self.endpoints.size() <= 1) : true',
    message: 'DNS_ROUND_ROBIN mode cannot have multiple endpoints',
  },
  'address or network present': { rule: 'has(self.address) || has(self.network)', message: 'Address is required' },
  'address starting unix:// : no ports': {
    rule: '(has(self.address) && self.address.startsWith("unix://")) ? !has(self.ports) : true',
    message: 'UDS may not include ports',
  },
  'after unix:// the next character is / or @': {
    rule: 'self.startsWith("unix://") ? (self.startsWith("unix:///") || self.startsWith("unix://@")) : true',
    message: 'UDS must be an absolute path or abstract socket',
  },
  'unix:// address does not end in /': {
    rule: 'self.startsWith("unix://") ? !self.endsWith("/") : true',
    message: 'UDS may not be a dir',
  },
  'every map key: under 63 characters, letters digits and inner dashes, starts and ends alphanumeric': {
    rule: 'self.all(key, key.size() < 63 && key.matches("^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$"))',
    message: 'port name must be valid',
  },
  'not exactly *': { rule: 'self != "*"', message: 'hostname cannot be wildcard' },
  'port numbers differ from each other': {
    rule: 'self.all(one, self.exists_one(other, one.number == other.number))',
    message: 'port number cannot be duplicated',
  },
  'operation UPSERT: value not empty': {
    rule: '((has(self.operation) ? self.operation : "") == "UPSERT") ? (self.value != "") : true',
    message: 'value must be set when operation is UPSERT',
  },
  'operation REMOVE: no value': {
    rule: '((has(self.operation) ? self.operation : "") == "REMOVE") ? !has(self.value) : true',
    message: 'value must not be set when operation is REMOVE',
  },
  'valueFrom HOST: no value': {
    rule: '(has(self.valueFrom) && self.valueFrom == "HOST") ? !has(self.value) : true',
    message: 'value may only be set when valueFrom is INLINE',
  },
  'one of empty|HTTP|HTTPS': {
    rule: 'self in ["", "HTTP", "HTTPS"]',
    message: 'scheme must be one of [HTTP, HTTPS]',
  },
}
