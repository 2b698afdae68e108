import { route } from '../stores/route.ts'
import { LoginPage } from './login-page.tsx'
import { SessionPage } from './session-page.tsx'
import { StartPage } from './start-page.tsx'

export function App() {
  const at = route.value
  if (at.page === 'login') return <LoginPage code={at.code} />
  if (at.page === 'session') return <SessionPage key={at.id} id={at.id} step={at.step} />
  return <StartPage />
}
