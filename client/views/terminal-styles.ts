let isInstalled = false

/**
 * xterm writes `<style>` elements and, for 24-bit colours and those that it changes for contrast, `style` attributes. The page's policy
 * (`default-src 'self'`) ignores both, for they might come from anybody. What a script builds as an object is no inline style: from now on
 * style elements are stand-ins that pass their text on to such a sheet, and style attributes are set through the element's `style`.
 */
export function installTerminalStyles(): void {
  if (isInstalled) return
  isInstalled = true
  const create = document.createElement.bind(document)
  document.createElement = (name: string, options?: ElementCreationOptions) =>
    name === 'style' ? standIn(create('template')) : create(name, options)
  HTMLElement.prototype.setAttribute = function (name, value) {
    if (name === 'style') this.style.cssText = value
    else Element.prototype.setAttribute.call(this, name, value)
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
