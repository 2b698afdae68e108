export { createApp } from './app.ts'
export { allowedHosts, allowedOrigins } from './guards.ts'
