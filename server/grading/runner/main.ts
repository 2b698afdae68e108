import { verifiers } from '../../../verifiers/index.ts'
import { serveOneOrder } from './serve.ts'

serveOneOrder((name) => verifiers.get(name))
