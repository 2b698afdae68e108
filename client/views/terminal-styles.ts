/**
 * xterm writes `<style>` elements when it opens, which the page's policy (`style-src 'self'`) ignores. Sheets that a script builds
 * are not inline styles: while `open` runs, style elements are stand-ins that pass their text on to such a sheet.
 */
export function withoutInlineStyles(open: () => void): void {
  const create = document.createElement.bind(document)
  document.createElement = (name: string, options?: ElementCreationOptions) =>
    name === 'style' ? standIn(create('template')) : create(name, options)
  try {
    open()
  } finally {
    document.createElement = create
  }
}

/** An element that is not shown, with the text and the life of a style element. */
function standIn(element: HTMLElement): HTMLElement {
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
