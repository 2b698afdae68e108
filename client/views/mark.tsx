import type { TaskState } from '../../protocol/session.ts'

/** A task's state as a shape: colour alone says nothing. The text beside it, or a label, says it in words. */
export function Mark({ state, met = false }: { state: TaskState; met?: boolean }) {
  const shown = state === 'frozen' ? (met ? 'met' : 'frozen') : state
  return (
    <svg class={`mark ${shown}`} viewBox="0 0 18 18" aria-hidden="true">
      {shown === 'met' && (
        <>
          <circle class="disc" cx="9" cy="9" r="8.5" />
          <path class="stroke paper" d="M5.2 9.3l2.6 2.6 5-5.6" />
        </>
      )}
      {shown === 'unmet' && (
        <>
          <circle class="ring" cx="9" cy="9" r="7.75" />
          <path class="disc" d="M2 9a7 7 0 0 0 14 0z" />
        </>
      )}
      {shown === 'fallen' && (
        <>
          <circle class="disc soft" cx="9" cy="9" r="5" />
          <circle class="ring" cx="9" cy="9" r="7.75" />
          <path class="stroke" d="M9 5.6v4.2M9 12.2v.2" />
        </>
      )}
      {shown === 'broken' && (
        <path
          class="disc"
          d="M16.3 4.6l-3 3-2.4-.5-.5-2.4 3-3A5 5 0 0 0 6.900 8L1.700 13.200a2.100 2.100 0 0 0 3 3L9.900 11a5 5 0 0 0 6.400-6.400z"
        />
      )}
      {shown === 'frozen' && (
        <>
          <circle class="ring" cx="9" cy="9" r="7.75" />
          <path class="stroke" d="M5.500 9h7" />
        </>
      )}
      {(shown === 'todo' || shown === 'checking') && <circle class="ring" cx="9" cy="9" r="7.75" />}
    </svg>
  )
}
