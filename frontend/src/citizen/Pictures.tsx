import { useRef } from 'react'
import { useText } from '../i18n'
import { Button, IconButton } from '../ui/Button'
import { Preview } from '../ui/Preview'
import { mostPictures, pictureTypes, refused } from './pictures'

/** Chooses up to four pictures; what cannot be taken is said before anything is sent. */
export function Pictures({ files, onChange }: { files: File[]; onChange: (files: File[]) => void }) {
  const { t } = useText()
  const input = useRef<HTMLInputElement>(null)
  return (
    <div className="field">
      <ul className="citizen-pictures">
        {files.map((file, i) => {
          const wrong = refused(file)
          return (
            <li key={`${file.name} ${file.lastModified} ${file.size}`} className="citizen-picture">
              {wrong ? null : <Preview file={file} label={t('citizen.picture', { n: i + 1 })} />}
              <span className="citizen-picture-name">{wrong ? file.name : `${(file.size / 2 ** 20).toFixed(1)} MB`}</span>
              <IconButton icon="close" label={t('citizen.pictureRemove', { n: i + 1 })} onPress={() => onChange(files.filter((each) => each !== file))} />
              {wrong && (
                <span className="field-error" role="alert">
                  {t(`citizen.pictureWrong.${wrong}`)}
                </span>
              )}
            </li>
          )
        })}
      </ul>
      {files.length < mostPictures && (
        <Button icon="photo" onPress={() => input.current?.click()}>
          {t('citizen.pictureAdd', { n: mostPictures - files.length })}
        </Button>
      )}
      <input
        ref={input}
        type="file"
        hidden
        multiple
        accept={pictureTypes.join()}
        data-testid="citizen-picture"
        onChange={(event) => {
          onChange([...files, ...(event.target.files ?? [])].slice(0, mostPictures))
          event.target.value = '' // the same picture may be chosen again
        }}
      />
    </div>
  )
}
