import { toJsonSchema } from '@valibot/to-json-schema'
import { labFile } from './schema.ts'

/** The JSON schema of lab.yaml, for editors: made at build time and shipped as `labwright/lab.schema.json`. */
export function labJsonSchema(): Record<string, unknown> {
  return {
    ...toJsonSchema(labFile, { errorMode: 'ignore' }),
    $id: 'https://labwright.dev/lab.schema.json',
    title: 'lab.yaml',
  }
}
