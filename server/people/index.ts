export { LOGIN_LIFETIME_SECONDS, Logins } from './logins.ts'
