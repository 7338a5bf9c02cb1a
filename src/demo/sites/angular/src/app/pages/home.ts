import { Component, computed, signal } from "@angular/core";
import { TideCard } from "../shared/tide-card";
import { rangeOf, TIDE_TABLE } from "../shared/tides";

/** The tide table, with a switch that works once the page is alive in a browser. */
@Component({
  imports: [TideCard],
  template: `
    <section class="hero">
      <h1>The sea keeps time.</h1>
      <p>Three days of tides at Pier 4, read off the gauge and checked by hand every morning.</p>
      <button type="button" (click)="widestFirst.set(!widestFirst())">
        {{ widestFirst() ? "In order of days" : "Widest range first" }}
      </button>
    </section>
    <div class="cards">
      @for (day of days(); track day.day) {
        <app-tide-card [day]="day" />
      }
    </div>
  `,
})
export default class Home {
  protected readonly widestFirst = signal(false);
  protected readonly days = computed(() =>
    this.widestFirst() ? [...TIDE_TABLE].sort((a, b) => rangeOf(b) - rangeOf(a)) : TIDE_TABLE,
  );
}
