/**
 * The drawing beside the log-in: a watchtower over a plan of grids and a river, with its lines of sight. Hairlines alone,
 * in the theme's colours. Generated here, so that it is sharp on any wall and weighs nothing.
 */
const centre = { x: 470, y: 560 }

/** Cells of a distorted grid: what a county's unit grids look like from above. */
function cells(): string {
  const columns = 13
  const rows = 11
  const at = (c: number, r: number) => {
    const wobble = (n: number) => Math.sin(c * 12.9898 + r * 78.233 + n) * 0.5
    return [c * 90 - 60 + wobble(1) * 46, r * 90 - 30 + wobble(4) * 46].map((v) => v.toFixed(1)).join(' ')
  }
  const lines: string[] = []
  for (let r = 0; r <= rows; r++) lines.push(`M${Array.from({ length: columns + 1 }, (_, c) => at(c, r)).join('L')}`)
  for (let c = 0; c <= columns; c++) lines.push(`M${Array.from({ length: rows + 1 }, (_, r) => at(c, r)).join('L')}`)
  return lines.join('')
}

const grid = cells()
const sights = [12, 47, 83, 128, 171, 205, 236, 268, 301, 338]

export function TowerPlan() {
  return (
    <svg className="tower-plan" viewBox="0 0 1000 940" preserveAspectRatio="xMidYMid slice" fill="none" aria-hidden="true">
      <path d={grid} stroke="var(--line)" />
      <path d="M-20 700C120 640 170 760 300 735S520 610 640 640 800 560 1020 470" stroke="var(--map-water)" strokeWidth="46" />
      <path d="M300 735C330 830 280 880 300 960" stroke="var(--map-water)" strokeWidth="16" />
      {[110, 230, 360].map((r) => (
        <circle key={r} cx={centre.x} cy={centre.y} r={r} stroke="var(--control)" strokeDasharray="2 7" />
      ))}
      {sights.map((degrees, i) => {
        const far = 230 + ((i * 53) % 140)
        const x = centre.x + Math.cos((degrees * Math.PI) / 180) * far
        const y = centre.y + Math.sin((degrees * Math.PI) / 180) * far
        return (
          <g key={degrees}>
            <path d={`M${centre.x} ${centre.y}L${x.toFixed(1)} ${y.toFixed(1)}`} stroke="var(--line)" />
            <circle cx={x} cy={y} r="4" fill="var(--text-3)" />
          </g>
        )
      })}
      <g stroke="var(--text-2)" strokeWidth="2" strokeLinejoin="round" strokeLinecap="round" fill="var(--bg)">
        <path d="M432 560 446 420H494L508 560Z" />
        <path d="M446 420 508 560M494 420 432 560M440 490H500" fill="none" />
        <path d="M436 420V372H504V420Z" />
        <path d="M453 420V372M487 420V372M436 398H504" fill="none" />
        <path d="M416 372C446 364 462 346 470 326 478 346 494 364 524 372Z" />
        <path d="M470 326V312M418 560H522" fill="none" />
      </g>
      <g transform="translate(688 410)">
        <path d="M0-16 16 0 0 16-16 0Z" fill="var(--sev-1)" />
        <path d={`M-18 4L${centre.x - 688 + 40} ${centre.y - 410 - 170}`} stroke="var(--sev-1)" strokeDasharray="5 5" />
      </g>
      <path d="M268 392 284 420H252Z" fill="var(--sev-2)" />
      <circle cx="322" cy="655" r="11" fill="var(--sev-3)" />
      <rect x="618" y="690" width="30" height="20" rx="5" fill="var(--select)" />
    </svg>
  )
}
