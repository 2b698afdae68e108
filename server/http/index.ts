export { createApp, type AppOptions } from './app.ts'
export { allowedHosts, allowedOrigins } from './guards.ts'
