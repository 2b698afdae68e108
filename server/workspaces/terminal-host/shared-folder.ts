/** Names in the folder that a toolbox shares with its server: the server listens, the container can only read. */
export const AGENT_SOCKET = 'agent.sock'
export const DOWNLOADS_SOCKET = 'downloads.sock'
/** On loopback in the container. */
export const DOWNLOADS_PORT = 3128
