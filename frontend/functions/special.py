"""Special functions of one number."""

from __future__ import annotations

from flowc.frontend.functions.derived import derive

bessel_i0 = derive("BesselI0", "bessel_i0")
bessel_i0e = derive("BesselI0e", "bessel_i0e")
bessel_i1 = derive("BesselI1", "bessel_i1")
bessel_i1e = derive("BesselI1e", "bessel_i1e")
bessel_j0 = derive("BesselJ0", "bessel_j0")
bessel_j1 = derive("BesselJ1", "bessel_j1")
bessel_k0 = derive("BesselK0", "bessel_k0")
bessel_k0e = derive("BesselK0e", "bessel_k0e")
bessel_k1 = derive("BesselK1", "bessel_k1")
bessel_k1e = derive("BesselK1e", "bessel_k1e")
bessel_y0 = derive("BesselY0", "bessel_y0")
bessel_y1 = derive("BesselY1", "bessel_y1")
dawsn = derive("Dawsn", "dawsn")
erfinv = derive("Erfinv", "erfinv")
expint = derive("Expint", "expint")
fresnel_cos = derive("FresnelCos", "fresnel_cos")
fresnel_sin = derive("FresnelSin", "fresnel_sin")
ndtri = derive("Ndtri", "ndtri")
spence = derive("Spence", "spence")
