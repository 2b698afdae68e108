/**
 * xterm's renderer writes `<style>` elements, which the page's policy (`style-src 'self'`) would ignore. Sheets that a script builds
 * are not inline styles, so xterm gets a document whose style elements pass their text on to such a sheet.
 */
export function documentWithoutInlineStyles(real: Document): Document {
  return new Proxy(real, {
    get(target, key) {
      if (key === 'createElement')
        return (name: string, options?: ElementCreationOptions) => {
          const element = target.createElement(name, options)
          return name === 'style' ? forwardStyle(element, target) : element
        }
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

function forwardStyle(element: HTMLElement, document: Document): HTMLElement {
  const sheet = new CSSStyleSheet()
  document.adoptedStyleSheets.push(sheet)
  let text = ''
  Object.defineProperty(element, 'textContent', {
    get: () => text,
    set(value: string) {
      text = value
      sheet.replaceSync(value)
    },
  })
  const remove = element.remove.bind(element)
  element.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet)
    remove()
  }
  return element
}
