// The shortest thing that works, in a process of its own: a shell on a pty behind a WebSocket, no window, no offsets, no replay.
// Prints its port; ends with its standard input.
import { createServer } from 'node:http'
import { spawn } from 'node-pty'
import { WebSocketServer } from 'ws'

const pty = spawn('bash', ['--norc', '-i'], { name: 'xterm-256color', cols: 200, rows: 50, encoding: null })
const http = createServer()
const server = new WebSocketServer({ server: http, perMessageDeflate: false })
server.on('connection', (socket) => {
  pty.onData((data) => socket.send(data))
  socket.on('message', (data) => pty.write(data))
})
http.listen(0, '127.0.0.1', () => console.log(http.address().port))
process.stdin.resume().on('end', () => {
  pty.kill('SIGKILL')
  process.exit(0)
})
