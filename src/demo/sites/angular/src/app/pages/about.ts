import { Component } from "@angular/core";
import { RouterLink } from "@angular/router";

/** Who keeps the gauge. */
@Component({
  imports: [RouterLink],
  template: `
    <article class="prose">
      <h1>About the observatory</h1>
      <p>Tidewater has recorded the height of the sea since the harbour was dug. The first gauge was a marked post.</p>
      <p>Today a float in a well does the work, and two volunteers read it aloud at eight o'clock.</p>
      <p><a routerLink="/visit">Come and see it.</a></p>
    </article>
  `,
})
export default class About {}
