import type { Routes } from "@angular/router";

export const routes: Routes = [
  { path: "", title: "Tidewater · a small observatory by the sea", loadComponent: () => import("./pages/home") },
  { path: "about", title: "About · Tidewater", loadComponent: () => import("./pages/about") },
  { path: "visit", title: "Visit · Tidewater", loadComponent: () => import("./pages/visit") },
];
