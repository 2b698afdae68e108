import os from 'node:os'
import path from 'node:path'
import { packagedTool } from '../../server/workspaces/local/tools.ts'

/** kubectl 1.34 or helm 4 as a bare machine gets them: from the optional package, unpacked once for all tests. */
export async function testTool(name: 'kubectl' | 'helm'): Promise<string> {
  const file = await packagedTool(name, path.join(os.tmpdir(), `labwright-test-tools-${os.userInfo().uid}`))
  if (file === undefined)
    throw new Error(`${name} is not there: the tests take it from the package that npm ci installs on Linux x64.`)
  return file
}
