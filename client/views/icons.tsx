const paths = {
  plus: 'M9 3.500v11M3.500 9h11',
  close: 'M4.500 4.500l9 9M13.500 4.500l-9 9',
  pencil: 'M3.500 14.500l.7-3 8-8 2.300 2.300-8 8zM10.700 5l2.300 2.300',
  left: 'M11 4L6 9l5 5',
  right: 'M7 4l5 5-5 5',
  menu: 'M3 5h12M3 9h12M3 13h12',
  fold: 'M3.500 3.500h11v11h-11zM7.500 3.500v11',
} as const

export function Icon({ name }: { name: keyof typeof paths }) {
  return (
    <svg class="icon" viewBox="0 0 18 18" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  )
}
