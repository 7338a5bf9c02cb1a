import { DecimalPipe } from "@angular/common";
import { Component, computed, input } from "@angular/core";
import { rangeOf, type TideDay } from "./tides";

/** The tides of one day. */
@Component({
  selector: "app-tide-card",
  imports: [DecimalPipe],
  template: `
    <h2>{{ day().day }}</h2>
    <table>
      <tbody>
        @for (tide of day().tides; track tide.time) {
          <tr [class.high]="tide.turn === 'high'">
            <th scope="row">{{ tide.turn }}</th>
            <td>{{ tide.time }}</td>
            <td>{{ tide.metres | number: "1.1-1" }} m</td>
          </tr>
        }
      </tbody>
    </table>
    <p>Range {{ range() | number: "1.1-1" }} m</p>
  `,
  styles: `
    :host { display: block; padding: 1.25rem; border-radius: 14px; background: var(--card); box-shadow: var(--shadow); }
    h2 { margin: 0 0 0.5rem; font-size: 1.1rem; }
    table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
    th { text-align: left; font-weight: 500; color: var(--soft); }
    td { text-align: right; padding: 0.2rem 0; }
    .high th { color: var(--sea); font-weight: 700; }
    p { margin: 0.75rem 0 0; color: var(--soft); font-size: 0.9rem; }
  `,
})
export class TideCard {
  readonly day = input.required<TideDay>();
  protected readonly range = computed(() => rangeOf(this.day()));
}
