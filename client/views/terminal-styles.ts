let isInstalled = false

/**
 * xterm writes `<style>` elements: some when it opens, others when it first knows the size of a letter, which is later where it opened
 * out of sight. The page's policy (`style-src 'self'`) ignores them all. Sheets that a script builds are not inline styles: from now on
 * style elements are stand-ins that pass their text on to such a sheet.
 */
export function installTerminalStyles(): void {
  if (isInstalled) return
  isInstalled = true
  const create = document.createElement.bind(document)
  document.createElement = (name: string, options?: ElementCreationOptions) =>
    name === 'style' ? standIn(create('template')) : create(name, options)
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
