import { Component } from "@angular/core";
import { RouterLink, RouterLinkActive, RouterOutlet } from "@angular/router";

/** The frame of every page: navigation above, address below. */
@Component({
  selector: "app-root",
  imports: [RouterLink, RouterLinkActive, RouterOutlet],
  template: `
    <header class="bar">
      <a class="brand" routerLink="/">Tidewater</a>
      <nav aria-label="Main">
        <a routerLink="/" routerLinkActive="here" [routerLinkActiveOptions]="{ exact: true }">Tides</a>
        <a routerLink="/about" routerLinkActive="here">About</a>
        <a routerLink="/visit" routerLinkActive="here">Visit</a>
      </nav>
    </header>
    <main><router-outlet /></main>
    <footer class="foot">Tidewater Observatory, Pier 4 · open to everybody who can read a clock</footer>
  `,
})
export class App {}
