export { createTelemetry, type Telemetry, type Peer, type RequestLabels, type RequestRecord } from './telemetry.ts'
