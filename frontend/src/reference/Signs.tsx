import { useLayoutEffect, useRef } from 'react'
import { BuildingSign, CameraSign, DetectionSign, GridSign, IncidentSigns, LoadScale, LoadStep, MarkingSign, PlaceSign, TerrainSign, UnitSign } from '../features/layers/signs'
import { icons, render } from '../map/icons'
import { type Theme, cssVariables, tokens } from '../tokens/tokens'
import { Icon, type IconName, Mark, iconNames } from '../ui/icons'

/** Every colour by the name that style sheets know it by. */
export function Colours({ theme }: { theme: Theme }) {
  return (
    <ul className="reference-swatches">
      {Object.entries(cssVariables(theme))
        .filter(([, value]) => value.startsWith('#'))
        .map(([name, value]) => (
          <li key={name}>
            <span className="reference-swatch" style={{ background: value }} />
            <code>{name}</code>
          </li>
        ))}
    </ul>
  )
}

/** The map's signs as MapLibre is given them, on the ground that they stand on. */
export function Signs({ theme }: { theme: Theme }) {
  return (
    <ul className="reference-signs">
      {[...icons.keys()].map((name) => (
        <li key={name} data-sign={name}>
          <Sign name={name} theme={theme} />
          <code>{name}</code>
        </li>
      ))}
    </ul>
  )
}

function Sign({ name, theme }: { name: string; theme: Theme }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useLayoutEffect(() => {
    const { data } = render(name, tokens[theme], 1, devicePixelRatio)
    const to = canvas.current!
    to.width = data.width
    to.height = data.height
    to.style.width = `${data.width / devicePixelRatio}px`
    to.getContext('2d')!.putImageData(data, 0, 0)
  }, [name, theme])
  return <canvas ref={canvas} aria-hidden="true" />
}

export function Legend() {
  return (
    <div className="reference-row reference-ground">
      <IncidentSigns />
      <DetectionSign />
      <UnitSign />
      {(['online', 'offline', 'fault', 'unknown'] as const).map((status) => (
        <CameraSign key={status} status={status} />
      ))}
      <LoadScale />
      {[0, 1, 2, 3, 4].map((step) => (
        <LoadStep key={step} step={step} />
      ))}
      <GridSign />
      <BuildingSign />
      <PlaceSign />
      <TerrainSign />
      <MarkingSign />
    </div>
  )
}

export function Scales({ theme }: { theme: Theme }) {
  const { choropleth, tint, building } = tokens[theme].map
  return (
    <>
      {[choropleth, tint, building].map((steps, i) => (
        <div key={i} className="reference-scale">
          {steps.map((colour) => (
            <span key={colour} style={{ background: colour }} />
          ))}
        </div>
      ))}
    </>
  )
}

export function Icons() {
  return (
    <ul className="reference-icons">
      <li>
        <Mark />
        <code>Mark</code>
      </li>
      {iconNames.map((name: IconName) => (
        <li key={name}>
          <Icon name={name} />
          <code>{name}</code>
        </li>
      ))}
    </ul>
  )
}
