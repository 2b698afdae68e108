import { messages } from '../messages/index.ts'
import { lessonFolded, lessonPercent, MAX_LESSON_PERCENT, MIN_LESSON_PERCENT } from '../stores/preferences.ts'

const STEP_PERCENT = 2

const set = (percent: number) =>
  (lessonPercent.value = Math.round(Math.max(MIN_LESSON_PERCENT, Math.min(MAX_LESSON_PERCENT, percent))))

/** Between lesson and work: dragged, or moved with the arrow keys (ARIA's window splitter). */
export function Splitter() {
  if (lessonFolded.value) return null
  const onPointerDown = (event: PointerEvent) => {
    const bar = event.currentTarget as HTMLElement
    bar.setPointerCapture(event.pointerId)
    const move = (moved: PointerEvent) => set((moved.clientX / window.innerWidth) * 100)
    const end = () => bar.removeEventListener('pointermove', move)
    bar.addEventListener('pointermove', move)
    bar.addEventListener('lostpointercapture', end, { once: true })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const to = {
      ArrowLeft: lessonPercent.value - STEP_PERCENT,
      ArrowRight: lessonPercent.value + STEP_PERCENT,
      Home: MIN_LESSON_PERCENT,
      End: MAX_LESSON_PERCENT,
    }[event.key]
    if (to === undefined) return
    event.preventDefault()
    set(to)
  }
  return (
    <div
      class="splitter"
      role="separator"
      aria-orientation="vertical"
      aria-label={messages.lab.splitter}
      aria-valuemin={MIN_LESSON_PERCENT}
      aria-valuemax={MAX_LESSON_PERCENT}
      aria-valuenow={lessonPercent.value}
      tabIndex={0}
      onPointerDown={onPointerDown}
      onKeyDown={onKeyDown}
    />
  )
}
