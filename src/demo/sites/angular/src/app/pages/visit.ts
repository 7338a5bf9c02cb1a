import { Component } from "@angular/core";

type OpeningTime = { readonly days: string; readonly hours: string };

const OPENING_TIMES: readonly OpeningTime[] = [
  { days: "Monday to Friday", hours: "8:00 to 16:00" },
  { days: "Saturday", hours: "10:00 to 14:00" },
  { days: "Sunday", hours: "at low water" },
];

/** When and where. */
@Component({
  template: `
    <article class="prose">
      <h1>Visit us</h1>
      <p>The gauge house stands at the end of Pier 4. Admission is free; rubber boots are lent.</p>
      <dl>
        @for (entry of openingTimes; track entry.days) {
          <dt>{{ entry.days }}</dt>
          <dd>{{ entry.hours }}</dd>
        }
      </dl>
    </article>
  `,
})
export default class Visit {
  protected readonly openingTimes = OPENING_TIMES;
}
