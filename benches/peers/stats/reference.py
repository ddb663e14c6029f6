#!/usr/bin/env python3
"""Synthetic cases with analytically known answers, for the statistics crate.

  reference.py OUTDIR        writes OUTDIR/CASE/{meta.json, *.f64} (little-endian f64, row-major); truth is in meta["truth"],
                             tolerances in meta["tol"]: "exact" = noise-free algorithmic error, "peer" = what the peers reach
                             (measured by peers.py), "stat" = expected scatter from particle noise (1 sigma).
Only numpy + scipy. Fixed seeds. Every generator can be imported.
"""
import json, os, sys
import numpy as np
from scipy.special import gammaincinv, gamma, gammainc, ellipe

# ------------------------------------------------------------------ Sersic
def bn(n):                                    # exact: half of the light inside Re  (not the 2n-1/3 approximation)
    return gammaincinv(2 * n, 0.5)


def sersic(x, y, Ie, Re, n, q, pa, x0, y0):   # pa: of the major axis, counter-clockwise from +x; elliptical radius keeps a
    c, s = np.cos(pa), np.sin(pa)
    u, v = (x - x0) * c + (y - y0) * s, -(x - x0) * s + (y - y0) * c
    return Ie * np.exp(-bn(n) * (((u * u + (v / q) ** 2) ** (0.5 / n)) / Re ** (1 / n) - 1))


def sersic_flux(Ie, Re, n, q):
    b = bn(n); return 2 * np.pi * n * Re ** 2 * q * Ie * np.exp(b) * b ** (-2 * n) * gamma(2 * n)


def sersic_image(size, over, **p):
    """Pixel (i,j) has its centre at (j,i). over=1: sampled at the centre. over>1: pixel mean by over x over Gauss-Legendre
    points; the central 9x9 pixels are first cut into 27x27 cells each, so that cusps are integrated well (see selftest)."""
    j, i = np.meshgrid(np.arange(size), np.arange(size))
    if over == 1:
        return sersic(j, i, **p)
    g, w = np.polynomial.legendre.leggauss(over)
    def mean(jj, ii, scale=1.0):
        return sum(wa * wb / 4 * sersic(jj + scale * a / 2, ii + scale * b / 2, **p) for a, wa in zip(g, w) for b, wb in zip(g, w))
    im = mean(j, i); cy, cx = int(round(p["y0"])), int(round(p["x0"])); sub = np.s_[cy - 4:cy + 5, cx - 4:cx + 5]; m = 27
    im[sub] = sum(mean(j[sub] + (A + .5) / m - .5, i[sub] + (B + .5) / m - .5, 1 / m) for A in range(m) for B in range(m)) / m ** 2
    return im


SERSIC = [(n, q) for n in (0.5, 1.0, 2.5, 4.0) for q in (1.0, 0.7, 0.3)] + [(6.0, 0.7)]


# ------------------------------------------------------------------ ellipsoids
def rot(rng):
    a = rng.normal(size=(3, 3)); q, r = np.linalg.qr(a); q = q * np.sign(np.diag(r))
    return q if np.linalg.det(q) > 0 else -q


def ellipsoid(N, ba, ca, profile="hernquist", seed=0, mmax=10.0):
    """Particles with density constant on similar ellipsoids: m^2 = x^2 + (y/ba)^2 + (z/ca)^2 follows `profile` (a=1, m<mmax);
    then rotated at random. Returns pos, R (columns: long, middle, short axis). Iterating at fixed long axis gives (ba, ca) for any weight w(m)."""
    rng = np.random.default_rng(seed); u = rng.random(N)
    if profile == "uniform":
        m = mmax * u ** (1 / 3)
    elif profile == "isothermal":               # rho ~ m^-2
        m = mmax * u
    else:                                       # Hernquist M(<m) = m^2/(1+m)^2, truncated at mmax
        t = np.sqrt(u * (mmax / (1 + mmax)) ** 2); m = t / (1 - t)
    d = rng.normal(size=(N, 3)); d /= np.linalg.norm(d, axis=1)[:, None]
    R = rot(rng)
    return (d * m[:, None] * [1, ba, ca]) @ R.T, R


# 1-sigma scatter (b/a, c/a) of the converged reduced-tensor answer at N = 1e5, measured with 60 seeds per case at N = 25000 and scaled by
# N^-1/2 (so +-9%). Distinct axes: no bias seen (< 2 standard errors). EQUAL axes are biased low, by about 2 sigma, because they get sorted.
SHAPE_SD = {("uniform", 1, 1): (.0021, .0023), ("uniform", .9, .3): (.0034, .0010), ("uniform", .8, .6): (.0033, .0022), ("uniform", .5, .4): (.0019, .0016), ("uniform", 1., .5): (.0028, .0020),
            ("isothermal", 1, 1): (.0031, .0041), ("isothermal", .9, .3): (.0068, .0022), ("isothermal", .8, .6): (.0056, .0040), ("isothermal", .5, .4): (.0038, .0025), ("isothermal", 1., .5): (.0042, .0028),
            ("hernquist", 1, 1): (.0021, .0028), ("hernquist", .9, .3): (.0038, .0013), ("hernquist", .8, .6): (.0028, .0027), ("hernquist", .5, .4): (.0025, .0017), ("hernquist", 1., .5): (.0030, .0022)}
SHAPE_BIAS = {("uniform", 1, 1): (-.0045, -.0088), ("uniform", 1., .5): (-.0054, -.0017), ("isothermal", 1, 1): (-.0072, -.0150), ("isothermal", 1., .5): (-.0086, -.0025),
              ("hernquist", 1, 1): (-.0045, -.0092), ("hernquist", 1., .5): (-.0056, -.0016)}


# ------------------------------------------------------------------ lambda_R
def lambda_r_disc(v0, sig):
    """V_los = v0 cos(phi), sigma constant, any light profile that depends on radius only (or on elliptical radius with
    phi the angle in that frame and R the same radius): lambda_R = v0 / (sqrt(v0^2+s^2) E(m)), m = v0^2/(v0^2+s^2)."""
    t = v0 * v0 + sig * sig
    return v0 / (np.sqrt(t) * ellipe(v0 * v0 / t))


# ------------------------------------------------------------------ circularity
G = 4.300917270e-6                              # kpc (km/s)^2 / Msun


def hernquist_jc(E, M, a):                      # closed form: (r_c + a) is the root of E x^2 + (GM/2) x + GM a/2 = 0
    g = G * M; x = (-g / 2 - np.sqrt(g * g / 4 - 2 * E * g * a)) / (2 * E); r = x - a
    return np.sqrt(g * r ** 3) / (r + a)


def bisect_jc(E, phi, vc2, lo=1e-6, hi=1e6):    # any spherical or mid-plane potential: E = phi(r) + vc2(r)/2, monotonic
    lo = np.full_like(E, np.log(lo)); hi = np.full_like(E, np.log(hi))
    for _ in range(80):
        m = .5 * (lo + hi); r = np.exp(m); up = phi(r) + vc2(r) / 2 > E
        hi = np.where(up, m, hi); lo = np.where(up, lo, m)
    r = np.exp(.5 * (lo + hi)); return r * np.sqrt(vc2(r))


POT = {   # name: (phi(x), vc2 in the plane (R))   x = (N,3) kpc
    "hernquist": (lambda x, M=1e11, a=5.0: -G * M / (np.linalg.norm(x, axis=1) + a),
                  lambda R, M=1e11, a=5.0: G * M * R / (R + a) ** 2),
    "nfw": (lambda x, M=1e12, a=20.0: -G * M / (r := np.linalg.norm(x, axis=1)) * np.log1p(r / a),     # M = 4 pi rho0 a^3
            lambda R, M=1e12, a=20.0: G * M / R * (np.log1p(R / a) - R / (R + a))),
    "miyamoto_nagai": (lambda x, M=6e10, a=3.0, b=0.3: -G * M / np.sqrt(x[:, 0]**2 + x[:, 1]**2 + (a + np.sqrt(x[:, 2]**2 + b * b))**2),
                       lambda R, M=6e10, a=3.0, b=0.3: G * M * R * R / (R * R + (a + b)**2) ** 1.5),
}


def circularity_case(name, N=20000, seed=3):
    """Bound test particles with a mixture of rotation and dispersion; truth eps = Jz / Jc(E) from the analytic potential.
    The first 200 are circular orbits in the plane, tilted by known angles in spherical potentials: eps = cos(tilt)."""
    r = np.random.default_rng(seed); phi, vc2 = POT[name]
    R = 10 ** r.uniform(-0.3, 1.4, N); ph = r.uniform(0, 2 * np.pi, N); z = r.normal(0, 0.1, N) * R
    x = np.column_stack([R * np.cos(ph), R * np.sin(ph), z]); v = np.sqrt(vc2(R))
    e_ph = np.column_stack([-np.sin(ph), np.cos(ph), 0 * ph])
    vel = e_ph * (v * r.uniform(-0.9, 0.95, N))[:, None] + r.normal(size=(N, 3)) * (0.15 * v)[:, None]
    tilt = np.zeros(200); k = slice(0, 200); x[k, 2] = 0; vel[k] = e_ph[k] * v[k, None]
    x[k, :2] *= (R[k] / np.hypot(x[k, 0], x[k, 1]))[:, None]
    if name != "miyamoto_nagai":
        tilt = np.linspace(0, np.pi, 200)
        for i in range(200):                    # rotate position and velocity about the x axis
            c, s = np.cos(tilt[i]), np.sin(tilt[i]); T = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
            x[i], vel[i] = T @ x[i], T @ vel[i]
    E = phi(x) + 0.5 * (vel ** 2).sum(1)
    if name != "hernquist":
        f = lambda q: phi(np.column_stack([q, 0 * q, 0 * q])); jc = bisect_jc(E, f, vc2)
    else:
        jc = hernquist_jc(E, 1e11, 5.0)
    eps = (x[:, 0] * vel[:, 1] - x[:, 1] * vel[:, 0]) / jc
    return x, vel, E, jc, eps, tilt


def hernquist_particles(N, M=1e11, a=5.0, seed=9, rmax=500.0):
    r = np.random.default_rng(seed); u = r.random(N) * (rmax / (rmax + a)) ** 2; t = np.sqrt(u); rad = a * t / (1 - t)
    d = r.normal(size=(N, 3)); d /= np.linalg.norm(d, axis=1)[:, None]
    return d * rad[:, None], np.full(N, M * (rmax / (rmax + a)) ** 2 / N)


def sersic_particles(N, Re, n, q, seed=2):      # projected positions of a Sersic disc: R from the inverse light curve
    r = np.random.default_rng(seed); b = bn(n)
    R = Re * (gammaincinv(2 * n, r.random(N)) / b) ** n; t = r.uniform(0, 2 * np.pi, N)
    return np.column_stack([R * np.cos(t), q * R * np.sin(t)])


def circularity_particles(N=100_000):
    """The particles of a Hernquist sphere on partly ordered orbits, with their exact potential: eps in closed form."""
    pos, mass = hernquist_particles(N); M, A, X = 1e11, 5.0, 500.0; r = np.linalg.norm(pos, axis=1); g = np.random.default_rng(5)
    vc = np.sqrt(POT["hernquist"][1](r)); u = np.cross(pos, g.normal(size=(N, 3))); u /= np.linalg.norm(u, axis=1)[:, None]
    vel = (0.85 * u + 0.3 * g.normal(size=(N, 3))) * vc[:, None]; E = -G * M / (r + A) + 0.5 * (vel ** 2).sum(1)
    known = E < -G * M / (X + A) + 0.5 * G * M * X / (X + A) ** 2         # the circular orbit lies inside the truncation
    jz = pos[:, 0] * vel[:, 1] - pos[:, 1] * vel[:, 0]; eps = np.where(known, jz / hernquist_jc(np.where(known, E, -1), M, A), np.nan)
    phi = -G * M / (r + A) + G * M / (X + A) - G * M * (X / (X + A)) ** 2 / X
    return pos, vel, mass, phi, eps


# ------------------------------------------------------------------ writer
def put(out, name, truth, tol, note="", rout=None, **arrays):
    d = os.path.join(out, name); os.makedirs(d, exist_ok=True); sh = {}
    for k, v in arrays.items():
        v = np.ascontiguousarray(v, "<f8"); v.tofile(os.path.join(d, k + ".f64")); sh[k] = list(v.shape)
    json.dump(dict(name=name, shapes=sh, truth=truth, tol=tol, note=note, rout=rout), open(os.path.join(d, "meta.json"), "w"), indent=1)


def main(out):
    for n, q in SERSIC:
        p = dict(Ie=50.0, Re=20.0, n=n, q=q, pa=0.5, x0=150.3, y0=148.8)
        t = dict(p, flux=sersic_flux(50.0, 20.0, n, q))
        tol = dict(exact=dict(n=1e-6, Re=1e-6, q=1e-6), note="central-pixel samples and a point-sampled model agree exactly; see *_pix for pixel means")
        put(out, f"sersic2d_n{n}_q{q}", t, tol, image=sersic_image(300, 1, **p))
        if n in (1.0, 4.0) and q == 0.7:
            put(out, f"sersic2d_n{n}_q{q}_pix", t, dict(exact=dict(n=2e-3, Re=2e-3, q=1e-3)), note="pixel means; a point-sampled model fitted to it is biased (n high or low by the cusp)", image=sersic_image(300, 4, **p))
            rng = np.random.default_rng(1); im = sersic_image(300, 4, **p) + 20.0
            put(out, f"sersic2d_n{n}_q{q}_noisy", dict(t, sky=20.0), dict(stat=dict(n=0.01, Re=0.05, q=0.002)), 
                note="pixel means + sky 20, Poisson noise (gain 1). Weight with `expected` (or a Poisson likelihood): weights 1/data bias n by -0.10 and Re by -1.2 at n=1, -0.68 and -4.7 at n=4",
                image=rng.poisson(im).astype(float), expected=im)
        r = np.geomspace(1, 100, 40)
        put(out, f"sersic1d_n{n}", dict(Ie=50.0, Re=20.0, n=n), dict(exact=dict(n=1e-8, Re=1e-8)), r=r, I=sersic(r, 0 * r, 50., 20., n, 1., 0., 0., 0.)) if q == 1.0 or n == 6.0 else None
    put(out, "sersic_particles_n1_q0.6", dict(Re=4.0, n=1.0, q=0.6), dict(stat=dict(n=0.02, Re=0.02, q=0.005)), note="1e5 equal-mass points", xy=sersic_particles(100_000, 4., 1., .6))
    for prof in ("uniform", "isothermal", "hernquist"):
        for ba, ca in ((1, 1), (0.9, 0.3), (0.8, 0.6), (0.5, 0.4), (1.0, 0.5)):
            pos, R = ellipsoid(100_000, ba, ca, prof, seed=int(100 * ba + 10 * ca))
            put(out, f"shape_{prof}_{ba}_{ca}", dict(ba=ba, ca=ca, axes=R.T.tolist()), dict(stat=dict(zip(("ba", "ca"), SHAPE_SD[prof, ba, ca])), bias=dict(zip(("ba", "ca"), SHAPE_BIAS.get((prof, ba, ca), (0, 0)))),
                                                                                 note="accept |x - truth - bias| < 4 stat; converge to 1e-6, then compare with another implementation to 1e-5"),
                rout=12.0 if prof == "uniform" else 8.0,
                note="ellipsoid m<10 (long axis 10); iterate at FIXED LONG AXIS rout. Inside a uniform body every ellipsoid is a fixed point, "
                     "so the uniform case only has an answer with rout beyond the body", pos=pos)
    for v0, s in ((150., 40.), (60., 100.), (10., 150.)):
        g = np.random.default_rng(4); N = 400_000; Re = 4.0
        xy = sersic_particles(N, Re, 1.0, 1.0, seed=4); ph = np.arctan2(xy[:, 1], xy[:, 0])
        y, x = np.meshgrid((np.arange(64) - 31.5) / 4, (np.arange(64) - 31.5) / 4, indexing="ij"); R = np.hypot(x, y)
        put(out, f"lambdaR_v{v0:.0f}_s{s:.0f}", dict(lambda_R=lambda_r_disc(v0, s)), dict(exact=dict(map_in_circle=2e-3), stat=dict(particles=0.01)),
            note="maps: 64x64, pixel 0.25, aperture R<=Re=4; particles: unit mass. Noise in V per pixel biases lambda_R HIGH for slow rotators",
            flux=np.exp(-1.678 * R / Re), V=v0 * x / R, sigma=np.full_like(R, s), xy=xy, vlos=v0 * np.cos(ph) + g.normal(0, s, N))
    for name in POT:
        x, v, E, jc, eps, tilt = circularity_case(name)
        put(out, f"circularity_{name}", dict(), dict(exact=dict(eps=1e-9)), note="arrays E, jc, eps are the truth; first 200 rows: circular orbits, eps = cos(tilt)", pos=x, vel=v, E=E, jc=jc, eps=eps, tilt=tilt)
    for N in (100_000, 1_000_000):
        p, m = hernquist_particles(N)
        put(out, f"potential_hernquist_{N}", dict(M=1e11, a=5.0, G=G, phi="-G M/(r+a) + const from truncation at 500"), dict(peer=dict(rms=2e-3)), pos=p, mass=m)
    pos, vel, mass, phi, eps = circularity_particles()
    put(out, "circularity_particles", dict(), dict(peer=dict(rms=0.006)), note="Hernquist sphere; phi is the exact potential of the truncated sphere, eps is NaN where the circular orbit would lie outside the truncation",
        pos=pos, vel=vel, mass=mass, phi=phi, eps=eps)
    print(len(os.listdir(out)), "cases in", out)


def selftest():
    from scipy.integrate import quad
    for n in (0.5, 1, 4):                       # flux formula, half-light, image sum
        b = bn(n); f = lambda r: 2 * np.pi * r * sersic(np.array(r), np.array(0.), 1., 20., n, 1., 0., 0., 0.)
        assert abs(quad(f, 0, 20, epsabs=0, epsrel=1e-10, limit=200)[0] / sersic_flux(1., 20., n, 1.) - .5) < 1e-7, n
    p = dict(Ie=1., Re=3.0, n=1.0, q=.7, pa=.5, x0=50.3, y0=49.8)   # an image that holds all its light
    assert abs(sersic_image(101, 4, **p).sum() / sersic_flux(1., 3.0, 1.0, .7) - 1) < 1e-6
    p = dict(p, n=4.0, Re=2.0); big = sersic_image(401, 3, **dict(p, x0=200.3, y0=199.8)).sum() / sersic_flux(1., 2.0, 4.0, .7)
    r2 = (200 / 2.0) ** .25 * bn(4.0); assert abs(gammainc(8.0, r2) - big) < 2e-4, big
    for v0, s in ((150., 40.), (10., 150.)):
        t = np.linspace(0, 2 * np.pi, 20001)[:-1]
        assert abs(np.abs(v0 * np.cos(t)).sum() / np.hypot(v0 * np.cos(t), s).sum() - lambda_r_disc(v0, s)) < 1e-7
    for nm in POT:
        x, v, E, jc, eps, tilt = circularity_case(nm, 2000)
        assert np.abs(eps[:200] - np.cos(tilt)).max() < 1e-7 and (E < 0).all() and np.abs(eps).max() < (1 + 1e-6 if nm != "miyamoto_nagai" else 1.01), (nm, np.abs(eps).max())
    E = np.linspace(-8e4, -1e3, 50); f, g = POT["hernquist"]
    assert np.allclose(hernquist_jc(E, 1e11, 5.), bisect_jc(E, lambda q: f(np.column_stack([q, 0 * q, 0 * q])), g), rtol=1e-10)
    print("selftest ok")


if __name__ == "__main__":
    selftest(); main(sys.argv[1]) if len(sys.argv) > 1 else None
