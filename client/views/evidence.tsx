import type { Evidence } from '../../protocol/verdict.ts'
import { messages } from '../messages/index.ts'

type Of<K extends Evidence['kind']> = Extract<Evidence, { kind: K }>
const of = <K extends Evidence['kind']>(evidence: Evidence[], kind: K) =>
  evidence.filter((each): each is Of<K> => each.kind === kind)

const answersText = (answers: Record<string, number>) =>
  Object.entries(answers)
    .map(([answer, count]) => `${count} × ${answer}`)
    .join(', ')

/** What a check saw: requests and objects as tables, the rest as lines. */
export function EvidenceView({ evidence }: { evidence: Evidence[] }) {
  const requests = of(evidence, 'requests')
  const objects = of(evidence, 'object')
  const text = messages.task
  return (
    <div class="evidence">
      {requests.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">{text.caller}</th>
              <th scope="col">{text.target}</th>
              <th scope="col">{text.sent}</th>
              <th scope="col">{text.answers}</th>
              <th scope="col">{text.wanted}</th>
            </tr>
          </thead>
          <tbody>
            {requests.map((row, index) => (
              <tr key={index}>
                <td>{row.caller}</td>
                <td>{row.target}</td>
                <td>{row.sent}</td>
                <td>
                  <b class={row.good ? 'good' : 'odd'}>{answersText(row.answers)}</b>
                </td>
                <td>{row.wanted}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {objects.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">{text.object}</th>
              <th scope="col">{text.seen}</th>
              <th scope="col">{text.wanted}</th>
            </tr>
          </thead>
          <tbody>
            {objects.map((row, index) => (
              <tr key={index}>
                <td>{row.object}</td>
                <td>
                  <b class={row.good ? 'good' : 'odd'}>{row.seen}</b>
                </td>
                <td>{row.wanted ?? ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {of(evidence, 'statistic').map((line, index) => (
        <p key={index} class={line.good ? 'good' : 'odd'}>
          {line.text}
        </p>
      ))}
      {of(evidence, 'output').map((block, index) => (
        <pre key={index} tabIndex={0}>
          {block.text}
        </pre>
      ))}
    </div>
  )
}
