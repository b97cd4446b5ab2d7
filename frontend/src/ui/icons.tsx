/** The console's own icons: 20 × 20, drawn with one hairline weight, coloured by the text around them. */
const drawings = {
  search: 'M9 3.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11ZM13 13l4 4',
  close: 'm5 5 10 10M15 5 5 15',
  plus: 'M10 4v12M4 10h12',
  minus: 'M4 10h12',
  check: 'm4 10.5 4 4 8-9',
  layers: 'm10 3 7.5 4-7.5 4-7.5-4L10 3ZM3 11l7 3.8L17 11M3 14.2 10 18l7-3.8',
  keyboard: 'M2.5 5.5h15v9h-15zM5.5 8.5h.01M8.5 8.5h.01M11.5 8.5h.01M14.5 8.5h.01M6.5 11.8h7',
  contrast: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14ZM10 3v14M10 6h4.9M10 9.5h6.9M10 13h5.9',
  language: 'M2.5 5h8M6.5 3v2M4 5c.6 2.7 2.6 4.6 5 5.5M9 5c-.6 3-2.9 5-6 6M11 17l3.5-8.5L18 17M12.2 14h4.6',
  user: 'M10 3.5a3 3 0 1 1 0 6 3 3 0 0 1 0-6ZM4 17c.5-3.3 2.9-5 6-5s5.5 1.7 6 5',
  logout: 'M8 4H4v12h4M12.5 6.5 16 10l-3.5 3.5M16 10H8',
  chevronDown: 'm5 8 5 5 5-5',
  chevronUp: 'm5 12 5-5 5 5',
  chevronRight: 'm8 5 5 5-5 5',
  chevronLeft: 'm12 5-5 5 5 5',
  camera: 'M3 7.5 13.5 4l1.7 4.8L4.7 12.3zM7 11.5V15H3.5M15 5.5l2.2-.7 1 3-2.2.7',
  photo: 'M3 6.5h3.5L8 4.5h4l1.5 2H17v9.5H3zM10 8.2a2.9 2.9 0 1 1 0 5.8 2.9 2.9 0 0 1 0-5.8Z',
  house: 'm3.5 9.5 6.5-6 6.5 6M5 8.5V17h10V8.5',
  unit: 'M3 6.5h14v7H3zM6 10h8',
  incident: 'm10 2.5 7.5 7.5-7.5 7.5L2.5 10z',
  area: 'M3 6.5 8 3l5 3 4-1.5V14l-5 3-5-2.5L3 16z',
  place: 'M10 17.5S4.5 12.3 4.5 8a5.5 5.5 0 0 1 11 0c0 4.3-5.5 9.5-5.5 9.5ZM10 6.2a1.9 1.9 0 1 1 0 3.8 1.9 1.9 0 0 1 0-3.8Z',
  coordinate: 'M10 5a5 5 0 1 1 0 10 5 5 0 0 1 0-10ZM10 2v5M10 13v5M2 10h5M13 10h5',
  ruler: 'm2.5 13 10.5-10.5 4.5 4.5L7 17.5zM5.5 10l2 2M8 7.5l1.5 1.5M10.5 5l2 2',
  frame: 'M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4',
  cube: 'm10 2.5 6.5 3.7v7.6L10 17.5l-6.5-3.7V6.2zM3.5 6.2 10 10l6.5-3.8M10 10v7.5',
  flat: 'm10 5 7.5 5-7.5 5-7.5-5z',
  filter: 'M3 5h14l-5.5 6.5V16l-3 1.5v-6z',
  clock: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14ZM10 6v4.3l3 1.7',
  copy: 'M7 7h9.5v9.5H7zM13 7V3.5H3.5V13H7',
  alert: 'M10 3 18 17H2zM10 8v4.5M10 14.7v.01',
  eye: 'M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5ZM10 7.7a2.3 2.3 0 1 1 0 4.6 2.3 2.3 0 0 1 0-4.6Z',
  eyeOff: 'M4.5 6.5C2.9 8 2 10 2 10s3 5 8 5c1.2 0 2.3-.3 3.3-.7M8 5.2C8.6 5.1 9.3 5 10 5c5 0 8 5 8 5s-.7 1.2-2 2.5M3 3l14 14',
  refresh: 'M16 6.5A7 7 0 1 0 17 11M16.5 3v4h-4',
  phone: 'M6 2.5h8v15H6zM9 15.2h2',
  screen: 'M2.5 4h15v9.5h-15zM10 13.5V17M6.5 17h7',
  arrow: 'M4 10h12M11.5 5.5 16 10l-4.5 4.5',
  draw: 'm3 17 1-4L13.5 3.5l3 3L7 16zM11.5 5.5l3 3M12 17h5',
  redo: 'm12.5 4 4 4-4 4M16.5 8H8a4.5 4.5 0 0 0 0 9h4',
  lock: 'M4.5 9h11v8h-11zM7 9V6.5a3 3 0 0 1 6 0V9',
  unlock: 'M4.5 9h11v8h-11zM7 9V6a3 3 0 0 1 5.8-1',
  undo: 'M7.5 4 3.5 8l4 4M3.5 8H12a4.5 4.5 0 0 1 0 9H8',
  pin: 'M10 11v7M6 3h8l-1 4.5 2 3.5H5l2-3.5z',
  list: 'M7 5.5h10M7 10h10M7 14.5h10M3 5.5h.01M3 10h.01M3 14.5h.01',
  flag: 'M5 17.5V3h10.5l-3 4 3 4H5',
  rewind: 'M9.5 5.5 4 10l5.5 4.5zM16 5.5 10.5 10l5.5 4.5z',
  play: 'M6 4v12l10-6z',
  pause: 'M6.5 4.5v11M13.5 4.5v11',
  stepBack: 'M14.5 5 8 10l6.5 5zM5.5 5v10',
  stepForward: 'M5.5 5 12 10l-6.5 5zM14.5 5v10',
  bell: 'M10 3a4.5 4.5 0 0 1 4.5 4.5c0 4 2 5.5 2 5.5h-13s2-1.5 2-5.5A4.5 4.5 0 0 1 10 3ZM8.3 16a1.8 1.8 0 0 0 3.4 0',
  bellOff: 'M10 3a4.5 4.5 0 0 1 4.5 4.5c0 4 2 5.5 2 5.5h-13s2-1.5 2-5.5A4.5 4.5 0 0 1 10 3ZM8.3 16a1.8 1.8 0 0 0 3.4 0M3 2.5l14 15',
  print: 'M6 7.5V3h8v4.5M6 14H3V7.5h14V14h-3M6 11.5h8V17H6z',
  people: 'M7.5 4.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5ZM2.5 16c.4-2.8 2.4-4.3 5-4.3s4.6 1.5 5 4.3M12.5 4.8a2.4 2.4 0 0 1 0 4.4M14.5 12c1.7.6 2.7 2 3 4',
} as const

export type IconName = keyof typeof drawings
export const iconNames = Object.keys(drawings) as IconName[]

export function Icon({ name, size = '1.25em' }: { name: IconName; size?: string }) {
  return (
    <svg viewBox="0 0 20 20" width={size} height={size} fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinejoin="round" strokeLinecap="round" aria-hidden="true">
      <path d={drawings[name]} />
    </svg>
  )
}

/** The product's sign: a watchtower. */
export function Mark({ size = '1.6em' }: { size?: string }) {
  return (
    <svg viewBox="0 0 24 24" width={size} height={size} fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinejoin="round" strokeLinecap="round" aria-hidden="true">
      <path d="M3 9.5C6 8.5 9.5 6.5 12 3.5c2.5 3 6 5 9 6M5 9.5h14M7.5 9.5v4.5M16.5 9.5v4.5M6 14h12M8 14 6.5 21M16 14l1.5 7M7.2 17.8h9.6M5 21h14" />
    </svg>
  )
}
