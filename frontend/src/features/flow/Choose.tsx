/** One of a short list, as the browser draws it: phones load no list box of our own for it. */
export function Choose({ label, value, choices, onChange }: { label: string; value: string; choices: readonly { id: string; text: string }[]; onChange: (id: string) => void }) {
  return (
    <label className="field flow-select">
      <span className="field-label">{label}</span>
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        {choices.map(({ id, text }) => (
          <option key={id} value={id}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}
