export { HostProcess } from './host-process.ts'
export { isNobodyThere, openOverSocket, type SocketRequest } from './socket-http.ts'
export { socketPath } from './socket-path.ts'
