import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { nameIn } from '../domain/names'
import { useAreas } from '../domain/useAreas'
import { useText } from '../i18n'
import { Button, IconButton } from '../ui/Button'
import { notify } from '../ui/notices'
import { Select } from '../ui/Select'
import { Failure, Loading } from '../ui/State'
import { type PairRule, type PairRules, judged, pairRulesQuery, repeatedRule } from './plots'

/** Which verdicts need two persons, by area and move. */
export function PairRulesForm() {
  const { t } = useText()
  const rules = useQuery(pairRulesQuery)
  if (rules.isPending) return <Loading text={t('app.loading')} />
  if (rules.isError) return <Failure error={rules.error} onRetry={() => void rules.refetch()} />
  return <Form key={rules.data.version} rules={rules.data} />
}

function Form({ rules }: { rules: PairRules }) {
  const { t, locale } = useText()
  const areas = useAreas()
  const client = useQueryClient()
  const [list, setList] = useState(rules.rules)
  const save = useMutation({
    mutationFn: () => take(api.PUT('/api/pairrules', { body: { rules: list, version: rules.version } })),
    onSuccess: (saved) => {
      notify('done', t('plots.rulesSaved'))
      client.setQueryData(pairRulesQuery.queryKey, saved)
    },
  })
  const set = (i: number, what: Partial<PairRule>) => setList((now) => now.map((rule, j) => (j === i ? { ...rule, ...what } : rule)))
  const twice = repeatedRule(list)
  const places = [{ id: '', text: t('plots.everywhere') }, ...areas.areas.filter(({ level }) => level !== 'village').map((area) => ({ id: area.path, text: nameIn(area, locale) }))]
  return (
    <>
      <div className="admin-head">
        <p className="admin-hint">{t('plots.rulesHint')}</p>
        <Button look="primary" isDisabled={twice >= 0 || save.isPending} onPress={() => save.mutate()} data-testid="save-pairrules">{t('app.save')}</Button>
      </div>
      {save.error && <Failure compact error={save.error} onRetry={() => void client.invalidateQueries({ queryKey: pairRulesQuery.queryKey })} />}
      {list.length === 0 ? (
        <p className="admin-hint" role="status">{t('plots.ruleNone')}</p>
      ) : (
        <table className="grid plots-rules">
          <thead>
            <tr>
              <th scope="col">{t('plots.ruleArea')}</th>
              <th scope="col">{t('plots.ruleMove')}</th>
              <th scope="col">{t('plots.persons')}</th>
              <th scope="col" />
            </tr>
          </thead>
          <tbody>
            {list.map((rule, i) => (
              <tr key={i} data-testid="pairrule">
                <td>
                  <Select hideLabel label={t('plots.ruleArea')} value={rule.area_path} choices={places.some(({ id }) => id === rule.area_path) ? places : [...places, { id: rule.area_path, text: areas.place(rule.area_path, locale) || rule.area_path }]} onChange={(area_path) => set(i, { area_path })} />
                </td>
                <td>
                  <Select hideLabel label={t('plots.ruleMove')} value={rule.move} choices={judged.map((id) => ({ id, text: t(`plots.move.${id}`) }))} onChange={(move) => set(i, { move: move as PairRule['move'] })} />
                  {i === twice && <div className="field-error" role="alert">{t('plots.ruleTwice')}</div>}
                </td>
                <td>
                  <Select hideLabel label={t('plots.persons')} value={String(rule.persons)} choices={(['1', '2'] as const).map((id) => ({ id, text: t(`plots.person.${id}`) }))} onChange={(n) => set(i, { persons: Number(n) as PairRule['persons'] })} />
                </td>
                <td className="grid-action">
                  <IconButton icon="close" label={t('plots.ruleRemove')} onPress={() => setList((now) => now.filter((_, j) => j !== i))} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div className="admin-foot">
        <Button icon="plus" onPress={() => setList((now) => [...now, { area_path: '', move: judged.find((move) => !now.some((rule) => rule.area_path === '' && rule.move === move)) ?? 'dismiss', persons: 2 }])} data-testid="add-pairrule">{t('plots.ruleAdd')}</Button>
      </div>
    </>
  )
}
