import './styles/index.css'
import { effect } from '@preact/signals'
import { render } from 'preact'
import { parseRoute, route } from './stores/route.ts'
import { theme } from './stores/preferences.ts'
import { App } from './views/app.tsx'

const readRoute = () => (route.value = parseRoute(location.hash))
addEventListener('hashchange', readRoute)
readRoute()

effect(() => {
  if (theme.value === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme.value
})

const root = document.getElementById('app')
if (root !== null) render(<App />, root)
