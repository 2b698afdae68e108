const operators: readonly string[] = ['{*}', '{**}']
const literal = /^[a-zA-Z0-9\-._~%!$&'()+,;:@=]+$/

/** Path templates of AuthorizationPolicy: `{*}` stands for one segment, `{**}` for the rest. */
export function pathTemplateProblem(path: string): { path: string; reason: string } | undefined {
  if (!path.includes('{') && !path.includes('}')) return undefined
  const shown = path.startsWith('/') ? path.slice(1) : path
  const segments = shown.split('/')
  for (const [index, segment] of segments.entries()) {
    if (operators.includes(segment)) {
      const later = segments.slice(index + 1)
      if (segment === '{**}' && later.some((other) => operators.includes(other))) {
        return { path: shown, reason: '{**} is not the last operator' }
      }
      continue
    }
    if (/[{}]/.test(segment)) return { path: shown, reason: "Contains '{' or '}' beyond a supported path template" }
    if (segment !== '' && !literal.test(segment)) {
      return { path: shown, reason: `Contains segment ${segment} with invalid string literal` }
    }
  }
  return undefined
}
