import type { ReactNode } from 'react'
import type { LonLat } from '../map/types'
import { BuildingSign, CameraSign, DetectionSign, GridSign, LoadStep, TerrainSign, UnitSign } from '../features/layers/signs'
import { KindSign } from '../features/markings/KindSign'
import { type MarkingKind, kinds } from '../map/markings/kinds'
import { severityShapes } from '../ui/shapes'
import { type Layout, fitText, legendRoom, wrap } from './layout'
import { type Bar, barOf, dms, placeAt, ticksOf } from './scale'

/** Ink on white paper, whatever the console's theme. */
const INK = '#111'
const SOFT = '#555'
const FONT = "'Noto Sans CJK SC', 'Noto Sans SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"

export interface Line {
  sign: string
  text: string
}

export interface SheetProps {
  layout: Layout
  title: string
  /** What stands over the legend, and in it. */
  legend: { title: string; lines: readonly Line[] }
  facts: readonly { label: string; value: string }[]
  scaleTitle: string
  /** Read aloud in the stead of the drawing. */
  label: string
  center: LonLat
  denominator: number
  bearing: number
}

/** All of a printed map but the map: it is drawn over it, and lets it be seen. A length is a millimetre. */
export function Sheet({ layout, title, legend, facts, scaleTitle, label, center, denominator, bearing }: SheetProps) {
  const { sheet, frame, map, text } = layout
  const outer = `M0 0H${sheet.width}V${sheet.height}H0Z M${map.x} ${map.y}v${map.height}h${map.width}v${-map.height}Z`
  return (
    <svg className="print-ink" viewBox={`0 0 ${sheet.width} ${sheet.height}`} xmlns="http://www.w3.org/2000/svg" role="img" aria-label={label} fontFamily={FONT} fontSize={text} fill={INK}>
      <path d={outer} fill="#fff" />
      <rect {...frame} fill="none" stroke={INK} strokeWidth="0.7" />
      <rect {...map} fill="none" stroke={INK} strokeWidth="0.35" />
      <Title layout={layout} title={title} />
      <Graticule layout={layout} center={center} denominator={denominator} bearing={bearing} />
      <North x={map.x + map.width - 11} y={map.y + 13} bearing={bearing} />
      <Legend layout={layout} {...legend} />
      <Scale layout={layout} title={scaleTitle} denominator={denominator} />
      <Facts layout={layout} facts={facts} />
    </svg>
  )
}

function Title({ layout: { title: room }, title }: { layout: Layout; title: string }) {
  const size = fitText(title, room.width - 8, room.height * 0.58)
  return (
    <text x={room.x + room.width / 2} y={room.y + room.height / 2 + size * 0.36} textAnchor="middle" fontSize={size} fontWeight="700" data-testid="print-title">
      {title}
    </text>
  )
}

/** Ticks at round degrees, and the coordinates of the four corners. */
function Graticule({ layout: { map, text }, center, denominator, bearing }: { layout: Layout; center: LonLat; denominator: number; bearing: number }) {
  const place = (x: number, y: number) => placeAt(center, denominator, bearing, x - map.width / 2, y - map.height / 2)
  const size = text * 0.68
  const corner = text * 11
  const right = map.x + map.width
  const bottom = map.y + map.height
  return (
    <g fontSize={size} data-testid="print-graticule">
      {ticksOf(map.width, map.height, place).map(({ edge, at, axis, value }) => {
        const upright = edge === 'left' || edge === 'right'
        const whole = dms(value, axis, 0).replace(/00″/, '')
        const told = at > corner && at < (upright ? map.height : map.width) - corner
        const [x, y] = upright ? [edge === 'left' ? map.x : right, map.y + at] : [map.x + at, edge === 'top' ? map.y : bottom]
        const [dx, dy] = { top: [0, -1], bottom: [0, 1], left: [-1, 0], right: [1, 0] }[edge] as [number, number]
        const [tx, ty] = upright ? [x + dx * 1.6, y] : [x, y + dy * 1.6 + (edge === 'bottom' ? size * 0.72 : 0)]
        return (
          <g key={`${edge}${value}`}>
            <path d={`M${x} ${y}l${-dx * 1.6} ${-dy * 1.6}M${x} ${y}l${dx} ${dy}`} stroke={INK} strokeWidth="0.25" fill="none" />
            {told && (
              <text x={tx} y={ty} textAnchor="middle" transform={upright ? `rotate(-90 ${tx} ${ty}) translate(0 ${edge === 'left' ? 0 : size * 0.72})` : undefined}>
                {whole}
              </text>
            )}
          </g>
        )
      })}
      {([[0, 0], [map.width, 0], [0, map.height], [map.width, map.height]] as const).map(([x, y]) => {
        const [lon, lat] = place(x, y)
        const [left, top] = [x === 0, y === 0]
        const [px, py] = [map.x + x, map.y + y]
        return (
          <g key={`${x} ${y}`}>
            <text x={px} y={py + (top ? -1.4 : 1.4 + size * 0.76)} textAnchor={left ? 'start' : 'end'}>
              {dms(lon, 'lon')}
            </text>
            <text transform={`translate(${px + (left ? -1.4 : 1.4 + size * 0.76)} ${py}) rotate(-90)`} textAnchor={top ? 'end' : 'start'}>
              {dms(lat, 'lat')}
            </text>
          </g>
        )
      })}
    </g>
  )
}

function North({ x, y, bearing }: { x: number; y: number; bearing: number }) {
  return (
    <g transform={`translate(${x} ${y}) rotate(${-bearing})`} data-testid="print-north">
      <circle r="8.5" fill="#fff" fillOpacity="0.82" />
      <path d="M0 -4.5 3.2 5 0 3Z" fill="#fff" stroke={INK} strokeWidth="0.35" strokeLinejoin="round" />
      <path d="M0 -4.5-3.2 5 0 3Z" stroke={INK} strokeWidth="0.35" strokeLinejoin="round" />
      <text y="-5.1" textAnchor="middle" fontSize="2.9" fontWeight="700">
        N
      </text>
    </g>
  )
}

function Legend({ layout, title, lines }: { layout: Layout; title: string; lines: readonly Line[] }) {
  const { legend: room, columns } = layout
  const { line, text, rows } = legendRoom(layout, lines.length)
  const shown = lines.slice(0, rows * columns)
  const width = room.width / columns
  return (
    <g transform={`translate(${room.x} ${room.y})`} data-testid="print-legend">
      <text y={text} fontWeight="700" fontSize={text * 1.15}>
        {title}
      </text>
      {shown.map(({ sign, text: words }, i) => (
        <g key={sign + words} transform={`translate(${Math.floor(i / rows) * width} ${line * 1.4 + (i % rows) * line})`}>
          <Sign of={sign} size={text * 1.25} />
          <text x={text * 2.4} y={text} fontSize={fitText(words, width - text * 2.6, text)}>
            {words}
          </text>
        </g>
      ))}
    </g>
  )
}

/** A sign as high as a line, drawn with the map's own colours. */
function Sign({ of, size }: { of: string; size: number }) {
  const [kind, which = ''] = of.split('-')
  const drawn: Record<string, ReactNode> = {
    incident: <path d={severityShapes[(Number(which) || 3) as 1 | 2 | 3].path} fill={`var(--sev-${which})`} transform={`scale(${size / 24})`} />,
    underway: <path d={severityShapes[2].path} fill="none" stroke={INK} strokeWidth="2.4" transform={`translate(${size * 0.05} ${size * 0.05}) scale(${(size * 0.9) / 24})`} />,
    ring: <circle cx={size / 2} cy={size / 2} r={size * 0.4} fill="none" stroke="var(--map-ring)" strokeWidth={size * 0.13} />,
    radius: <circle cx={size / 2} cy={size / 2} r={size * 0.45} fill="none" stroke="var(--select)" strokeWidth="0.3" strokeDasharray="0.9 0.6" />,
    wedge: <path d={`M${size / 2} ${size * 0.95}L${size * 0.05} ${size * 0.25}Q${size / 2} ${-size * 0.1} ${size * 0.95} ${size * 0.25}Z`} fill="var(--select)" fillOpacity="0.2" stroke="var(--select)" strokeWidth="0.25" />,
    detection: <DetectionSign />,
    unit: <UnitSign />,
    camera: <CameraSign status={which as 'online'} />,
    load: <LoadStep step={Number(which)} />,
    unit_grid: <GridSign />,
    building: <BuildingSign />,
    terrain: <TerrainSign />,
    other: <rect width={size} height={size * 0.7} y={size * 0.15} fill="none" stroke={SOFT} strokeWidth="0.3" />,
  }
  const marked = kind === 'marking' ? kinds[which as MarkingKind] : undefined
  const stroke = (colour: string, width: number, dash?: string) => <path d={`M0 ${size / 2}h${size * 1.5}`} stroke={colour} strokeWidth={width} strokeDasharray={dash} fill="none" />
  const fill = (colour: string) => <rect y={size * 0.12} width={size * 1.5} height={size * 0.76} fill={colour} stroke={SOFT} strokeWidth="0.1" />
  const ground: Record<string, ReactNode> = {
    'area-county': stroke('var(--map-area-line-major)', 0.7),
    'area-town': stroke('var(--map-area-line)', 0.5),
    'area-village': stroke('var(--map-area-line)', 0.25),
    'road-major': <>{stroke('var(--map-road-casing)', 1.5)}{stroke('var(--map-road-major)', 1.1)}</>,
    road: <>{stroke('var(--map-road-casing)', 1.35)}{stroke('var(--map-road)', 0.75)}</>,
    rail: <>{stroke('var(--map-rail)', 0.8)}{stroke('var(--map-land)', 0.4, '1 1')}</>,
    water: fill('var(--map-water)'),
    green: fill('var(--map-green)'),
  }
  if (marked)
    return (
      <g color={{ own: 'var(--map-unit)', hazard: 'var(--sev-1)', control: 'var(--sev-2)', search: INK }[marked.side]}>
        <KindSign kind={which as MarkingKind} size={String(size)} />
      </g>
    )
  if (kind === 'standing') return stroke(INK, 0.6, which === 'planned' ? '1.6 1' : undefined)
  return <g fontSize={size / 1.25}>{ground[of] ?? drawn[kind!] ?? drawn[of] ?? drawn.other}</g>
}

function Scale({ layout: { scale: room, text }, title, denominator }: { layout: Layout; title: string; denominator: number }) {
  const bar: Bar = barOf(denominator, room.width - 12)
  const part = bar.mm / bar.parts
  const [unit, divide] = bar.metres >= 1000 ? ['km', 1000] : ['m', 1]
  const size = text * 0.8
  return (
    <g transform={`translate(${room.x + 2} ${room.y})`} data-testid="print-scale">
      <text y={text * 1.2} fontSize={text * 1.2} fontWeight="700">
        {title}
      </text>
      {Array.from({ length: bar.parts }, (_, i) => (
        <rect key={i} x={i * part} y={text * 3} width={part} height={1.4} fill={i % 2 === 0 ? INK : '#fff'} stroke={INK} strokeWidth="0.2" />
      ))}
      {[0, bar.parts].map((n) => (
        <text key={n} x={n * part} y={text * 2.7} fontSize={size} textAnchor={n === 0 ? 'start' : 'middle'}>
          {n === 0 ? '0' : `${((n * bar.metres) / bar.parts / divide).toString()} ${unit}`}
        </text>
      ))}
    </g>
  )
}

function Facts({ layout: { facts: room, line, text }, facts }: { layout: Layout; facts: SheetProps['facts'] }) {
  const size = text * 0.88
  let y = size
  return (
    <g transform={`translate(${room.x} ${room.y})`} fontSize={size} data-testid="print-facts">
      {facts.map(({ label, value }) => {
        const lines = wrap(label ? `${label} ${value}` : value, room.width, size, 3)
        const at = y
        y += lines.length * line * 0.86
        return lines.map((words, i) => (
          <text key={`${label}${i}`} y={at + i * line * 0.86}>
            {i === 0 && label && words.startsWith(label) ? (
              <>
                <tspan fill={SOFT}>{label}</tspan>
                {words.slice(label.length)}
              </>
            ) : (
              words
            )}
          </text>
        ))
      })}
    </g>
  )
}
