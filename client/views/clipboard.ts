/** False where the page came over plain HTTP from another machine: browsers keep the clipboard from it, except for a copy of what is selected. */
export const canPaste = navigator.clipboard !== undefined

/** Copies a text, in the midst of a click or a key. */
export async function copyText(text: string): Promise<void> {
  if (canPaste) return navigator.clipboard.writeText(text)
  const before = document.activeElement
  const area = document.createElement('textarea')
  area.className = 'unseen'
  area.value = text
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
  if (before instanceof HTMLElement) before.focus()
}
