import { nameIn } from '../domain/names'
import { useAreas } from '../domain/useAreas'
import { useText } from '../i18n'
import { Checks } from '../ui/Checks'
import { FieldGroup, TextInput } from '../ui/Field'
import { Select } from '../ui/Select'
import { type RobotFilter, robotStages } from './robots'

/** What a group robot has besides: of which cases it tells, in what words, where people open them, and its platform's secret. */
export function RobotFields({
  template,
  link,
  secret,
  filter,
  wrong,
  onTemplate,
  onLink,
  onSecret,
  onFilter,
}: {
  template: string
  link: string
  secret: string
  filter: RobotFilter
  wrong: (field: string) => string | undefined
  onTemplate: (text: string) => void
  onLink: (text: string) => void
  onSecret: (text: string) => void
  onFilter: (filter: RobotFilter) => void
}) {
  const { t, locale } = useText()
  const areas = useAreas()
  return (
    <>
      <FieldGroup label={t('queue.filter')} error={wrong('filter')} hint={t('admin.robotFilterHint')}>
        <Checks
          label={t('admin.robotSeverity')}
          value={filter.severities}
          choices={['1', '2', '3'].map((id) => ({ id, text: t(`severity.${id}`) }))}
          onChange={(severities) => onFilter({ ...filter, severities })}
        />
        <Checks label={t('queue.state')} value={filter.stages} choices={robotStages.map((id) => ({ id, text: t(`stage.${id}`) }))} onChange={(stages) => onFilter({ ...filter, stages })} />
      </FieldGroup>
      <Select
        label={t('queue.town')}
        value={filter.area}
        choices={[{ id: '', text: t('app.all') }, ...areas.towns().map((town) => ({ id: town.path, text: nameIn(town, locale) }))]}
        onChange={(area) => onFilter({ ...filter, area })}
        testid="robot-area"
      />
      <TextInput label={t('admin.robotTemplate')} name="robot-template" value={template} onChange={onTemplate} error={wrong('template')} hint={t('admin.robotTemplateHint')} rows={5} maxLength={500} />
      <TextInput label={t('admin.robotLink')} name="robot-link" value={link} onChange={onLink} error={wrong('link')} hint={t('admin.robotLinkHint')} maxLength={300} spellCheck="false" />
      <TextInput label={t('admin.robotSecret')} name="robot-secret" type="password" value={secret} onChange={onSecret} error={wrong('secret')} hint={t('admin.robotSecretHint')} maxLength={200} autoComplete="off" />
    </>
  )
}
