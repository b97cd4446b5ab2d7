import type { zhAlerts } from './zh.alerts'

export const enAlerts: typeof zhAlerts = {
  alerts: {
    title: 'Warnings in force',
    count: '{{n}} warning{{n, s}} in force',
    until: 'until {{at}}',
    show: 'Show on the map',
    instruction: 'What to do',
    from: 'Issued by',
    where: 'Area',
    incident: 'Open the incident',
    elsewhere: 'Outside the county, or no place given',
    old: 'The warnings could not be renewed; this is as of {{at}}',
    severity: { Extreme: 'Extreme', Severe: 'Severe', Moderate: 'Moderate', Minor: 'Minor', Unknown: 'Severity unknown' },
  },
  error: {
    reason: {
      malformed_xml: 'Not well-formed XML',
      doctype: 'A document with a DOCTYPE or entities of its own is refused',
      not_utf8: 'A message has to be UTF-8',
      too_deep: 'Elements are nested too deep',
      too_many_elements: 'Too many elements',
      too_many_points: 'The polygons have too many points',
      too_complex: 'The shapes cross each other too often to be joined',
      self_intersection: 'The polygon crosses itself',
      over_antimeridian: 'The area reaches over the 180° meridian',
      over_pole: 'The area holds a pole',
      wrong_namespace: 'Not a CAP message',
      unsupported_version: 'CAP 1.2 and 1.1 alone are taken',
      no_offset: 'The time does not say its offset from UTC',
      other_content: 'The sender has used this identifier for another message',
      intake: 'Messages come too fast; wait before the next',
    },
  },
}
