/**
 * The recordings put N for changing digits and x for changing letters, one for one, so that columns keep their width. Here the same
 * is done to what our cluster prints, and then the widths themselves are given up: an age of another length moves every column.
 */
const RULES: [RegExp, string][] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, 'x-x-x-x-x'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'N-N-NTN:N:NZ'],
  [/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (\w{3}) \d{4} [\d:]{8} [+-]\d{4}/g, 'D, N M N N:N:N +N'],
  [/\bDDD, NN MMM NNNN NN:NN:NN \+NNNN/g, 'D, N M N N:N:N +N'],
  [/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [+-]\d{4}/g, 'N-N-N N:N:N +N'],
  [/\S*\/(LIVE|MERGED)-[\dN]+/g, '/tmp/$1-N'],
  [/\b10\.244\.\d+\.\d+/g, '10.244.N.N'],
  // Service addresses are of 10.96.0.0/12.
  [/\b10\.(9[6-9]|10\d|11[01])\.[\dN]+\.[\dN]+/g, '10.96.N.N'],
  [/(?<=[\s"(])(\d+[smhd]|N+[smhd]){1,2}(?=[\s")]|$)/g, 'Ns'],
  [/<invalid>/g, 'Ns'],
  [/(?<=\bv1\.34\.)\d+/g, 'N'],
  [/(resourceVersion"?: ")[\dN]+/g, '$1N'],
  [/(Resource Version: +)[\dN]+/g, '$1N'],
  [/(NodePort: +\S+ +)[\dN]+/g, '$1N'],
  // Generated names: of a pod of a ReplicaSet or a DaemonSet, of a ReplicaSet, of a revision, of a slice.
  [/-[bcdfghjklmnpqrstvwxz2456789]{5}(?=[\s:"',)]|$)/g, '-x'],
  [/(?<=[-=])[bcdf4-9][bcdfghjklmnpqrstvwxz2456789]{7,9}(?=[\s:"',)-]|$)/g, 'x'],
  [/x{4,}/g, 'x'],
  [/N{2,}/g, 'N'],
  [/-{3,}/g, '---'],
  [/[ \t]{2,}/g, '  '],
  [/[ \t]+$/gm, ''],
]

/** What is left of a command's output when everything is taken from it that changes from run to run. */
export function normalForm(text: string): string {
  return RULES.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text)
}
