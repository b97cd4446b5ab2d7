import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { areasQuery } from '../api/queries'
import { AreaIndex, within } from '../domain/areas'
import { nameIn } from '../domain/names'
import { useText } from '../i18n'
import { Button } from '../ui/Button'
import { Select } from '../ui/Select'
import type { Wall } from './socket'

/** As near as a case that jumps in is shown. */
const ZOOM = 15

/** Which cases may jump in: those of a severity and graver, in the wall's area or a part of it. */
export function Rules({ wall, shows, onSave }: { wall: Wall; shows: boolean; onSave: (change: Pick<Wall, 'rules'>) => void }) {
  const { t, locale } = useText()
  const areas = useQuery(areasQuery).data ?? []
  const [severity, setSeverity] = useState('1')
  const [area, setArea] = useState(wall.area_path)
  const { rules } = wall
  const named = (path: string) => (path === '' ? t('walls.everywhere') : new AreaIndex(areas).name(path, locale) || path)
  const free = areas.filter(({ level, path }) => level !== 'village' && path !== wall.area_path && (wall.area_path === '' || within(path, wall.area_path)))
  return (
    <>
      <h2>{t('walls.rules')}</h2>
      {rules.map((rule, i) => (
        <p key={i} className="walls-rule">
          {t('walls.ruleText', { severity: rule.severity, area: named(rule.area_path) })}
          {shows && <Button small onPress={() => onSave({ rules: rules.filter((_, at) => at !== i) })}>{t('walls.removeRule')}</Button>}
        </p>
      ))}
      {shows ? (
        <div className="walls-buttons walls-newrule">
          <Select label={t('walls.ruleSeverity')} choices={['1', '2', '3'].map((id) => ({ id, text: t(id === '1' ? 'severity.1' : 'walls.graver', { severity: id }) }))} value={severity} onChange={setSeverity} testid="wall-rule-severity" />
          <Select label={t('walls.ruleArea')} choices={[{ id: wall.area_path, text: named(wall.area_path) }, ...free.map((each) => ({ id: each.path, text: nameIn(each, locale) }))]} value={area} onChange={setArea} testid="wall-rule-area" />
          <Button onPress={() => onSave({ rules: [...rules, { severity: Number(severity), area_path: area, zoom: ZOOM }] })} data-testid="wall-rule">{t('walls.addRule')}</Button>
        </div>
      ) : (
        rules.length === 0 && <p className="walls-quiet">{t('walls.noRules')}</p>
      )}
    </>
  )
}
