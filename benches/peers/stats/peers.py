#!/usr/bin/env python3
"""Times and errors of Python peers on the cases of reference.py. JSON lines {peer, task, n, threads, median_s, metric}.

  peers.py REFDIR [--tasks sersic2d,sersic1d,shape,potential,circularity,lambda] [--reps 5] [--big]
           [--cmd NAME=PROGRAM [--cases sersic2d,...] [--threads 1,2]]      another program: see README.md

task is the name of the case. median_s is wall time; metric.cpu_s the median processor time of the same calls: compare it on a
shared machine, for one thread. A peer that is not installed is reported as skipped. Compilation by numba is excluded (one
warm-up call)."""
import argparse, contextlib, io, json, os, statistics as st, subprocess, sys, time, warnings
os.environ.setdefault("OMP_NUM_THREADS", "1"); os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np
warnings.simplefilter("ignore"); np.seterr(all="ignore")
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reference as ref

REPS, BIG = 5, False
def emit(**k): print(json.dumps(k), flush=True)
def load(d, c):
    p = os.path.join(d, c); m = json.load(open(os.path.join(p, "meta.json")))
    return m, {k: np.fromfile(os.path.join(p, k + ".f64"), "<f8").reshape(s) for k, s in m["shapes"].items()}
def run(peer, task, n, f, err, reps=None, warm=True, threads=1, **extra):
    """f() -> result; err(result) -> dict of errors."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            if warm: f()
            w, c = [], []
            for _ in range(reps or REPS):
                t, k = time.perf_counter(), time.process_time(); r = f(); w.append(time.perf_counter() - t); c.append(time.process_time() - k)
        emit(peer=peer, task=task, n=n, threads=threads, median_s=st.median(w), metric=dict(cpu_s=round(st.median(c), 6), **err(r), **extra))
    except Exception as e:
        emit(peer=peer, task=task, n=n, threads=threads, skipped=f"{type(e).__name__}: {e}"[:200])


# ---------------------------------------------------------------- Sersic
def sersic2d(d):
    cases = ["sersic2d_n1.0_q0.7", "sersic2d_n4.0_q0.7", "sersic2d_n2.5_q0.3", "sersic2d_n1.0_q0.7_pix", "sersic2d_n4.0_q0.7_pix", "sersic2d_n1.0_q0.7_noisy", "sersic2d_n4.0_q0.7_noisy"]
    for c in cases:
        m, a = load(d, c); im, T = a["image"] - m["truth"].get("sky", 0), m["truth"]; y, x = np.mgrid[:300, :300].astype(float); task = c
        def moments():                                    # start values every peer gets
            f = np.clip(im, 0, None); s = f.sum(); x0, y0 = (x * f).sum() / s, (y * f).sum() / s
            xx, yy, xy = ((x - x0) ** 2 * f).sum() / s, ((y - y0) ** 2 * f).sum() / s, ((x - x0) * (y - y0) * f).sum() / s
            th = .5 * np.arctan2(2 * xy, xx - yy); h = np.hypot((xx - yy) / 2, xy); q = np.sqrt(((xx + yy) / 2 - h) / ((xx + yy) / 2 + h))
            r = np.sqrt((xx + yy) / 2); return x0, y0, th, q, r * .8, np.median(f[np.abs(np.hypot(x - x0, y - y0) - r * .8) < 1])
        def e(n, Re, q): return dict(dn=float(n - T["n"]), dRe=float(Re - T["Re"]), dq=float(q - T["q"]))
        def astro(fitter):
            from astropy.modeling import models, fitting
            x0, y0, th, q, r, I = moments()
            g = models.Sersic2D(amplitude=I, r_eff=r, n=2, x_0=x0, y_0=y0, ellip=1 - q, theta=th, bounds=dict(n=(.3, 10), r_eff=(.5, 300), ellip=(0, .95)))
            return getattr(fitting, fitter)()(g, x, y, im, maxiter=400)
        for ft in ("TRFLSQFitter", "LMLSQFitter"):
            run("astropy." + ft, task, im.size, lambda ft=ft: astro(ft), lambda g: e(g.n.value, g.r_eff.value, 1 - g.ellip.value), reps=3, warm=False)
        def imfit():
            import pyimfit
            x0, y0, th, q, r, I = moments(); M = pyimfit.SimpleModelDescription(); S = pyimfit.make_imfit_function("Sersic")
            M.x0.setValue(x0 + 1, [1, 300]); M.y0.setValue(y0 + 1, [1, 300])
            S.PA.setValue(np.degrees(th) - 90, [-360, 360]); S.ell.setValue(1 - q, [0, .95]); S.n.setValue(2, [.3, 10]); S.I_e.setValue(I, [1e-3, 1e6]); S.r_e.setValue(r, [.5, 300])
            M.addFunction(S); F = pyimfit.Imfit(M, maxThreads=1); F.loadData(im, error=np.sqrt(a["expected"]) if "noisy" in c else np.ones_like(im)); res = F.doFit(solver="LM")   # expected, not observed, variance: see reference.py
            p = dict(zip([k.split("_")[0] + "_" + k.split("_")[1] if k.count("_") > 1 else k.rsplit("_", 1)[0] for k in F.numberedParameterNames], F.getRawParameters())); return p
        run("pyimfit.LM", task, im.size, imfit, lambda p: e(p["n"], p["r_e"], 1 - p["ell"]))
        def smorph():
            import statmorph
            seg = (np.hypot(x - T["x0"], y - T["y0"]) < 140).astype(np.int64)
            return statmorph.source_morphology(im + np.random.default_rng(0).normal(0, .01, im.shape), seg, gain=1.0)[0]
        run("statmorph(all statistics)", task, im.size, smorph, lambda s: e(s.sersic_n, s.sersic_rhalf, 1 - s.sersic_ellip), reps=1, warm=False)
        def scp():                                        # own numpy model, finite differences, scipy trf: what a day's work gives
            from scipy.optimize import least_squares
            x0, y0, th, q, r, I = moments()
            f = lambda p: (ref.sersic(x, y, np.exp(p[0]), np.exp(p[1]), p[2], p[3], p[4], p[5], p[6]) - im).ravel()
            return least_squares(f, [np.log(I), np.log(r), 2., q, th, x0, y0], bounds=([-20, -2, .3, .05, -9, 0, 0], [20, 6, 10, 1, 9, 300, 300]), x_scale=[1, 1, 1, .3, .3, 1, 1], xtol=1e-12, ftol=1e-12, gtol=1e-12)
        run("scipy.trf+numpy", task, im.size, scp, lambda s: e(s.x[2], np.exp(s.x[1]), s.x[3]), reps=3, warm=False)


def sersic1d(d):
    for n in ("0.5", "1.0", "4.0", "6.0"):
        m, a = load(d, "sersic1d_n" + n); T = m["truth"]; r, I = a["r"], a["I"]; e = lambda p: dict(dn=float(p[2] - T["n"]), dRe=float(p[1] - T["Re"]))
        def ap():
            from astropy.modeling import models, fitting
            g = fitting.TRFLSQFitter()(models.Sersic1D(amplitude=np.median(I), r_eff=np.median(r), n=2, bounds=dict(n=(.2, 10), r_eff=(.1, 500))), r, I, maxiter=500); return g.amplitude.value, g.r_eff.value, g.n.value
        def scp():
            from scipy.optimize import least_squares
            f = lambda p: np.log(I) - (p[0] - ref.bn(p[2]) * ((r / np.exp(p[1])) ** (1 / p[2]) - 1))
            s = least_squares(f, [np.log(np.median(I)), np.log(np.median(r)), 2.], bounds=([-90, -5, .2], [90, 9, 12]), xtol=1e-13, ftol=1e-13, gtol=1e-13); return np.exp(s.x[0]), np.exp(s.x[1]), s.x[2]
        run("astropy.Sersic1D", "sersic1d_n" + n, len(r), ap, e); run("scipy.trf log I", "sersic1d_n" + n, len(r), scp, e)


# ---------------------------------------------------------------- shape
def allgood(pos, rout, tol=1e-4, itmax=100):
    """Allgood et al. 2006: reduced tensor sum x_i x_j / m^2 in an ellipsoid of fixed long axis. Convergence is linear and slow where the
    density is shallow: a step below 1e-3 still leaves ~1e-2 of error, so tol is 1e-4."""
    R = np.eye(3); q = s = 1.0
    for k in range(itmax):
        u = pos @ R; m2 = u[:, 0] ** 2 + (u[:, 1] / q) ** 2 + (u[:, 2] / s) ** 2; sel = (m2 < rout * rout) & (m2 > 0); p = pos[sel]
        ev, V = np.linalg.eigh((p / m2[sel, None]).T @ p); o = ev.argsort()[::-1]; a = np.sqrt(ev[o]); R = V[:, o]; d = max(abs(a[1] / a[0] / q - 1), abs(a[2] / a[0] / s - 1)); q, s = a[1] / a[0], a[2] / a[0]
        if d < tol: break
    return q, s, k + 1


def shape(d):
    for c in sorted(os.listdir(d)):
        if not c.startswith("shape_"): continue
        m, a = load(d, c); T = m["truth"]; pos = a["pos"]; e = lambda r: dict(dba=float(r[0] - T["ba"]), dca=float(r[1] - T["ca"]), iter=int(r[2]) if len(r) > 2 else None)
        run("numpy Allgood", c, len(pos), lambda: allgood(pos, m["rout"]), e, reps=3)
        if "uniform" in c: continue                       # a shell inside a uniform body has no answer
        def pyn(it):                                      # pynbody keeps the VOLUME of a shell: 2..4 stays inside the body (long axis <= 7 of 10)
            import pynbody
            from pynbody.analysis import halo
            s = pynbody.new(dm=len(pos)); s["pos"] = pos; s["mass"] = np.ones(len(pos)); s["pos"].units = "kpc"; s["mass"].units = "Msol"
            _, ax, n, _ = halo.shape(s.dm, nbins=1, rmin=2.0, rmax=4.0, max_iterations=it, tol=1e-3 if it == 10 else 1e-5); ax = np.ravel(ax); return ax[1] / ax[0], ax[2] / ax[0]
        run("pynbody.halo.shape shell 2-4, defaults", c, len(pos), lambda: pyn(10), e, reps=3)
        run("pynbody.halo.shape shell 2-4, tol 1e-5", c, len(pos), lambda: pyn(200), e, reps=3)


# ---------------------------------------------------------------- potential
def potential(d):
    for N in (100_000, 1_000_000) if BIG else (100_000,):
        task = f"potential_hernquist_{N}"; m, a = load(d, task); pos, mass = a["pos"], a["mass"]; k = np.random.default_rng(0).choice(N, 2000, replace=False)
        direct = np.concatenate([-ref.G * (mass / np.where((r := np.linalg.norm(pos[i:i + 1] - pos, axis=1)) > 0, r, np.inf)).sum(keepdims=True) for i in k])
        M, A, X = 1e11, 5.0, 500.0; r = np.linalg.norm(pos[k], axis=1); ana = -ref.G * M / (r + A) + ref.G * M / (X + A) - ref.G * M * (X / (X + A)) ** 2 / X
        def e(p): z = p[k] / direct - 1; return dict(rms_vs_direct=float(np.sqrt((z ** 2).mean())), max_vs_direct=float(np.abs(z).max()), rms_vs_analytic=float(np.sqrt(((p[k] / ana - 1) ** 2).mean())))
        try:
            import pytreegrav
        except ImportError:
            emit(peer="pytreegrav", task=task, n=N, threads=1, skipped="not installed"); continue
        for q, th in ((False, .7), (True, .7), (False, .5)):
            run(f"pytreegrav theta={th}" + (" quad" if q else ""), task, N, lambda: pytreegrav.Potential(pos, mass, G=ref.G, theta=th, method="tree", quadrupole=q), e, reps=3 if N < 1e6 else 1, warm=N < 1e6)
        run("pytreegrav theta=0.7", task, N, lambda: pytreegrav.Potential(pos, mass, G=ref.G, theta=.7, method="tree", parallel=True), e, reps=3 if N < 1e6 else 1, threads=2, warm=N < 1e6)
        if N <= 100_000:
            run("pytreegrav bruteforce", task, N, lambda: pytreegrav.Potential(pos, mass, G=ref.G, method="bruteforce"), e, reps=1, warm=False)


# ---------------------------------------------------------------- circularity
def circularity(d):
    for nm in ("hernquist", "nfw", "miyamoto_nagai"):
        m, a = load(d, "circularity_" + nm); x, v, eps = a["pos"], a["vel"], a["eps"]; E = a["E"]; jz = x[:, 0] * v[:, 1] - x[:, 1] * v[:, 0]; phi, vc2 = ref.POT[nm]
        e = lambda z: dict(max_abs=float(np.abs(z - eps).max()), rms=float(np.sqrt(((z - eps) ** 2).mean())))
        def grid(n):                                      # usual recipe: table of (E_c, J_c) on a log radius grid, interpolate log
            r = np.geomspace(1e-3, 1e4, n); Ec = phi(np.column_stack([r, 0 * r, 0 * r])) + vc2(r) / 2
            return lambda: jz / np.exp(np.interp(E, Ec, np.log(r * np.sqrt(vc2(r)))))
        for n in (100, 1000, 10000): run(f"numpy Jc(E) table {n}", "circularity_" + nm, len(E), grid(n), e)
        if nm == "hernquist": run("closed form", "circularity_" + nm, len(E), lambda: jz / ref.hernquist_jc(E, 1e11, 5.), e)
        def galpy(k=300):
            from galpy.potential import HernquistPotential, NFWPotential, MiyamotoNagaiPotential, LcE, rE
            P = dict(hernquist=lambda: HernquistPotential(amp=2 * ref.G * 1e11, a=5.), nfw=lambda: NFWPotential(amp=ref.G * 1e12, a=20.), miyamoto_nagai=lambda: MiyamotoNagaiPotential(amp=ref.G * 6e10, a=3., b=.3))[nm]()
            return np.array([jz[i] / LcE(P, E[i], use_physical=False) for i in range(k)])
        run("galpy LcE (300 particles)", "circularity_" + nm, 300, galpy, lambda z: dict(max_abs=float(np.abs(z - eps[:300]).max())), reps=1)
    # from particles whose potential is given: Jc(E) from a spherically averaged table / from the 99% quantile of j in bins of E
    task = "circularity_particles"; m, a = load(d, task); pos, vel, mass, ph, truth = (a[k] for k in ("pos", "vel", "mass", "phi", "eps"))
    N = len(mass); good = np.isfinite(truth) & (np.linalg.norm(pos, axis=1) < 50)
    def e(z): q = (z - truth)[good]; return dict(rms=float(np.sqrt((q ** 2).mean())), p99_abs=float(np.quantile(np.abs(q), .99)), median_abs=float(np.median(np.abs(q))))
    def table():                                          # all of it is timed: radii, order, table, energies, angular momenta
        r = np.linalg.norm(pos, axis=1); o = np.argsort(r); rs, Mc = r[o], np.cumsum(mass[o]); Pout = np.cumsum((mass[o] / rs)[::-1])[::-1]
        P = -ref.G * (Mc / rs + Pout - mass[o] / rs); gr = np.geomspace(rs[20], rs[-1], 300); Mi, Pi = np.interp(gr, rs, Mc), np.interp(gr, rs, P)
        jz = pos[:, 0] * vel[:, 1] - pos[:, 1] * vel[:, 0]; E = ph + 0.5 * (vel ** 2).sum(1)
        return jz / np.interp(E, Pi + ref.G * Mi / gr / 2, np.sqrt(ref.G * Mi * gr))
    run("numpy spherical M(<r) table", task, N, table, e)
    r0 = np.linalg.norm(pos, axis=1); o0 = np.argsort(r0); jz0 = pos[:, 0] * vel[:, 1] - pos[:, 1] * vel[:, 0]; E0 = ph + 0.5 * (vel ** 2).sum(1)
    def sorted_table():                                   # radii, their order, E and J_z are there already: only the table and the look-up
        rs, Mc = r0[o0], np.cumsum(mass[o0]); Pout = np.cumsum((mass[o0] / rs)[::-1])[::-1]
        P = -ref.G * (Mc / rs + Pout - mass[o0] / rs); gr = np.geomspace(rs[20], rs[-1], 300); Mi, Pi = np.interp(gr, rs, Mc), np.interp(gr, rs, P)
        return jz0 / np.interp(E0, Pi + ref.G * Mi / gr / 2, np.sqrt(ref.G * Mi * gr))
    run("numpy table, order E and J_z given", task, N, sorted_table, e)
    def pyn():
        import pynbody
        from pynbody.analysis import morphology
        s = pynbody.new(star=N); s["pos"], s["vel"], s["mass"], s["phi"] = pos, vel, mass, ph; s["pos"].units, s["vel"].units, s["mass"].units, s["phi"].units = "kpc", "km s^-1", "Msol", "km^2 s^-2"
        s["eps"] = pynbody.array.SimArray(np.full(N, .01), "kpc"); h = s.star; morphology.estimate_jcirc_from_energy(h); return np.asarray(h["jz"] / h["j_circ"])
    run("pynbody j_circ", task, N, pyn, e, reps=3)


def lam(d):
    for c in sorted(os.listdir(d)):
        if not c.startswith("lambdaR"): continue
        m, a = load(d, c); T = m["truth"]["lambda_R"]; y, x = np.meshgrid((np.arange(64) - 31.5) / 4, (np.arange(64) - 31.5) / 4, indexing="ij"); R = np.hypot(x, y)
        def f(F, V, S): k = (R <= 4) & (F > 0) & np.isfinite(V); return (F * R * np.abs(V))[k].sum() / (F * R * np.hypot(V, S))[k].sum()
        run("numpy maps", c, R.size, lambda: f(a["flux"], a["V"], a["sigma"]), lambda v: dict(d=float(v - T), rel=float(v / T - 1)))
        def part():
            i = np.floor(a["xy"] * 4 + 32).astype(int); k = ((i >= 0) & (i < 64)).all(1); b = i[k, 1] * 64 + i[k, 0]; v = a["vlos"][k]; n = np.bincount(b, minlength=4096)
            V = np.bincount(b, v, 4096) / n; S = np.sqrt(np.maximum(np.bincount(b, v * v, 4096) / n - V * V, 0)); return f(n.reshape(64, 64), V.reshape(64, 64), S.reshape(64, 64))
        run("numpy particles", c, len(a["vlos"]), part, lambda v: dict(d=float(v - T), rel=float(v / T - 1)))


TASKS = dict(sersic1d=sersic1d, sersic2d=sersic2d, shape=shape, potential=potential, circularity=circularity)
TASKS["lambda"] = lam


def external(name, cmd, d, cases, threads):
    """PROGRAM REFDIR CASE THREADS -> last stdout line JSON {"s": seconds, "cpu_s": .., "result": {...}}; errors against meta.truth."""
    for c in sorted(os.listdir(d)):
        if not c.startswith(tuple(cases)) or c.endswith("_1000000") and not BIG: continue
        m = json.load(open(os.path.join(d, c, "meta.json")))
        for T in threads:
            o = subprocess.run(cmd.split() + [d, c, str(T)], capture_output=True, text=True, timeout=600)
            if o.returncode: continue                     # the program does not know the case
            w = json.loads(o.stdout.strip().splitlines()[-1]); res = w.get("result", {})
            err = {"d" + k: v - m["truth"][k] for k, v in res.items() if isinstance(m["truth"].get(k), (int, float)) and v is not None}
            metric = dict(cpu_s=w.get("cpu_s", w["s"]), **err, **{k: v for k, v in res.items() if "d" + k not in err})
            emit(peer=name, task=c, n=int(np.prod(next(iter(m["shapes"].values())))), threads=T, median_s=w["s"], metric=metric)


if __name__ == "__main__":
    p = argparse.ArgumentParser(); p.add_argument("ref"); p.add_argument("--tasks", default="sersic1d,sersic2d,shape,potential,circularity,lambda")
    p.add_argument("--reps", type=int, default=5); p.add_argument("--big", action="store_true", help="potentials of 1e6 particles too: a minute each")
    p.add_argument("--cmd", action="append", default=[]); p.add_argument("--cases", default="", help="for --cmd: the beginnings of their names"); p.add_argument("--threads", default="1,2")
    a = p.parse_args(); REPS, BIG = a.reps, a.big
    for t in filter(None, a.tasks.split(",")): TASKS[t](a.ref)
    for c in a.cmd: external(*c.split("=", 1), a.ref, a.cases.split(","), [int(T) for T in a.threads.split(",")])
