// The page's first requests, without a browser: log in by the link, start the first lab, wait until it is ready.

export async function logIn(link) {
  const [url, code] = link.split('/#code=')
  const page = await fetch(url)
  if (!page.ok) throw new Error(`the page answered ${page.status}`)
  const headers = { 'content-type': 'application/json', origin: url, 'sec-fetch-site': 'same-origin' }
  const answer = await fetch(`${url}/api/login`, { method: 'POST', headers, body: JSON.stringify({ code }) })
  if (!answer.ok) throw new Error(`the link's code was refused: ${await answer.text()}`)
  const cookie = answer.headers.getSetCookie().map((one) => one.split(';')[0])
  return { url, headers: { ...headers, cookie: cookie.join('; ') } }
}

/** @returns what the page tells about the preparation: what this machine lacks is among it */
export async function openLab({ url, headers }) {
  const ask = async (method, path, body) => {
    const answer = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }
  const [lab] = await ask('GET', '/api/labs')
  const { id } = await ask('POST', '/api/sessions', { lab: lab.id })
  try {
    const deadline = performance.now() + 60_000
    for (;;) {
      const view = await ask('GET', `/api/sessions/${id}`)
      if (view.state === 'ready') return view.phases.flatMap(({ log }) => log)
      if (view.state === 'failed' || performance.now() > deadline)
        throw new Error(`the lab's session is ${view.state}: ${view.problem?.sentence ?? 'it took too long'}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  } finally {
    await ask('DELETE', `/api/sessions/${id}`)
  }
}
