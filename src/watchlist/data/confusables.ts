// Made by test/generate/confusables.mjs from confusables.txt of UTS 39, version 17.0.0; not edited by hand.
// © 2025 Unicode, Inc. Unicode and the Unicode Logo are registered trademarks of Unicode, Inc. in the U.S. and other countries.
// Used under the Unicode License v3 (https://www.unicode.org/license.txt): the data files are free to use, copy, modify and
// distribute with this notice, and come without warranty.

/** Targets: code points in base 36 joined by `+`. */
export const TARGETS =
  '13+13 56+1b+6f4 27 30 13 36+32 w 2r+mw 2h+mt jt qk 18 1t+1x 1v+me 1w+mt 3c 27+mw 2p+2t 2r+me 6pu+mt 17t 33+mw ' +
  '34 2s+mt 7o 7p 20+mt 2w+mt 2x 30+22 2x+2y 30+53 24+mw 30+mw he 13+32 32+mh 5y 27+1x 33+2t bv 2c+mt 38+mt 2u ' +
  '2q+mt 13+1u 2q+lg 2q 1v+13 13+1w 2s+lg 2v 1y+me 1z+13 30+mt 23+13 2z+lw qj+mw 26+me 27+mt 27+13 33+13 13+28 ' +
  '34+lw 2a 1e 13+2c 38+lw 2c+mg 13+2h 3d+lw 2i+mt 3e+mt 1f 1e+mt 1h 37 30+30 x 1w+al 1w+am 2s+am 24+22 24+2y ' +
  '30+2y 26+22 26+2y 32+2y 76 77 8c 8d 9a 9b a4 a5 1z+mt 2v+mt 7y 7z 1w+2i 1w+3e 2s+3e 83 27+mw+ld 9u 1k 2i+me ' +
  '3e+me 5h 6d 2c+mw 1r 2d+mt 1x+mw 2t+mw 22+mt 2y+mt 36+mt 3d+mt 2p 2q+lw 2s+mg 2s+lw d9 d9+ke x3n 2v+lw 3d ' +
  '2w+lw 2x+mt 30+ms 30+mg 30+f1 3b 36+32+me 32+mg 33+mt 33+5qf 36+mh 36+mg 37+mg 39 3e+mg f1 x5a 35+lw 2s+f1 ' +
  '2s+i9 38+37 38+hv 38+gl 2u+32+mh 30+37 30+3e 4xg 121 1o 1q 2m 1m 19 jr 1v5 4w 3i 4xf 4xh jl kq lg li 19s li+lj ' +
  'le lv 18w 5bd mp me mg mt mw lc ld lf mr 1hiy nk lj lm 8s5 jz t4 5qm gk x1b 1n 22 53 1t 1u 1x 2i 20 23 g5 25 ' +
  '26 28 bt 2c 2h 2g 67 61r 8o 3a 33 5qz hk qo qq 1y tj uf bs 1i 2r 2y 66 1v au x1a x3m 2b pf st ps py 2q+30 ' +
  '30+27 ih 36 2t gs i5 ik jt+2q at+2x at 5qx u1 39+mh q0 qw 2e v4+w6+w7 3b+w6+w7 st+me u1+me pf+13 36+13 pf+mt ' +
  't2+mh ty+mh 1f+me gs+me 23+mh 8o+mh 23+mt 8o+mt 20+mh ik+mh 2c+mh 5qz+mh 2g+mh 2w xo+mg 2t+mg g5+me u3+me ' +
  '20+me ik+me xi xj 25+me i5+me b3 2s dy 1z gy b4 35 2f 3ou 3k6 3s3 3mp 2d fr 32 hc 12d+2x 13u 13t 13q 13s mb ' +
  '30+13 56+1b+6f4+6f4 56+1b+6f4+6f4+6f4 189 30+19w 18o+19w 30+191 18p+19w 18p+1cr 183+1cr 18p+le 18p ln mh lu lw ' +
  '191 1a 170 16 1b5 18o+lv+19w 18p+179 17u 17x+190 17x+1cr 17z+179 1ai+179 17z+1cr 181+179 181+li 181+1cr ' +
  '185+1cr 187+1cr 1b5+1cr 18h 18j 18j+1cr 1bj+1cr 18k+li 18k+1cr 1c0 18o+li 18o+lv 18o+19s 18o+le 18o+1cr 18p+li ' +
  '1a3 17z+le 181+le 19e 19f 19g 19i 19l 17l+1hiy 18l+1hiy 33+le 1fg 17s+1cr 1bg 1g4 18m+179 18m+li 181+190 ' +
  '1av+179 183+le lk 2n 18p+lm 17s+190 1b6+1cr 18l+1cr 18p+190 17z+mc+mb 185+mc+mb 1bj 18o 182+le 17s+1cy ' +
  '18p+1cr+1cy 181+li+lj 18p+li+lj 18p+1cr+li 17u+li 18p+179+li 1ae+li 18j+li 18s mc 18t no np nm 1s5+1ty 1s5+1tq ' +
  '1tc+1u5+1s7 1sf+li 1sf+1ty 1sf+1jz8 1s5+1tq+li 1s5+1tq+1ty 1s5+1tq+1jz8 1s5+1tq+1u0 1tq+1tm 1xb 1jz8 1tq+li ' +
  '1jz6 1jz7 1us+1us 1s5+li 1s5+1tm 1s5+1tq+1tm 1s5+1u7 1vp+1xa 1vv+1xf 1l 1ww 1vn 1z9+20u 1t6+1u5+1sv+1xb ' +
  '1t6+1u5+1sv+20w 22b+1jz6 22b+1jz7 1t6+1u5+1sv+1jz8 1z9+1u0 1z9+218 1th 1t0+1u5+1t0 1sv 1sw 1s9 1t6 1sy 1t9 1tl ' +
  '1ta 1u0 1ty 1u5 1t6+1u5+1sv 22t+24e 22t+24l 22t+24n 22t+24o 22t+24e+24l 22t+24e+24n 22t+24e+24o 1uw 1tp 1tt ' +
  '1tu 1uy 1v2 1v4 26d+27y 2a1+2b7 2aa+2b7 2a8 2a0 2ba 2ax 2bq+2a0 2br+2a0 2bq+2b7 2b7 2ad 2a1 2ai 2a0+2bl ' +
  '2ai+2bl 2a6 29x 2b3 2ai+2bm 2b2+2bk 2cz 2a6+2b9 2bb 2aw+2bk 2du+2fp 2du+2fg 2hi+mb 2eo+14s 2e9+mb 2ef+14s ' +
  '2ek+mb 2et+2f5 2et+mb 2et+2f2 2f5+2f2 2f7+2f2 2dn+2f2 2do+2f2 2dh 2di 2dj 2ds 2du 2dz 2e4 2e5 2e6 2e7 2eb 2ee ' +
  '2eg 2en 2eo 2ep 2eq 2er 2f3 2f5 2f7 2fw 2h8+2im 2g7 2g8 2gf 2kn+2mv 2a1+2mv 2lk+2m9 2bq+2ku 2ky+2m6 2ky+2mv ' +
  '2b9 2ar 2b2 2ls 2b8 2an+2bj 2bj 2m9 2bq 2br 2bq+2bq 2lk+2ml+2lq 33+2ls+33 2la 2ls+2ml 2li+2ml+2ls 2lk+2ml+2lk ' +
  '2lx+2ml+2ls 2lk+2ml 2m1+2ml+2lq 2ar+2ml 2lu+2ml 2lv+2ml 2pv+2qg 2oh+2q2 2oh+2qh 2oh 2or 2ok 2ow 2pj 2qw+2q7 ' +
  '2oy 2pb 2qw+2qb 2rm 2ru 2ry 2ro 2s1 2rq 2sg lm+2sy 2tc+2tc 2sy 2rs 2si 2sa 2sb 2sd 2se 2sf lm+2wi 2t4 2t5 2tk ' +
  '2tl 2tm 2tn 2wb+2vt 2wb+2w1 31k+324+326 31c+31w+32a+327 31c+31w+32a+2z8 2yz 2z1+2z1 2ze+2ze 2zh+2zh 2ze+2zh md ' +
  '31e 33m+31t+328 33n+31t+328 322+322 324+324 2zh+2ze ggg ggd 2ls+370 33+370 36d+370 2ls+370+37d+2ls+370 36m+37g ' +
  '36m+37g+287+370+37e 287 37u+37u 36j+37i 37l 36d+37i 36d+370+37i 35v+37i 399+37i 2ls+37i 39f+lm x3a 3cw+3cw ' +
  '3cz+3cz 3d3+3d3 3d5+3d5 3d8+3d8 3cy+3cw 3cy+3cy 3cy+3cz 3cy+3d3 3cz+3cw 3d1+3cy 3d1+3d1 3d1+3de 3d1+3d7 ' +
  '3d2+3d3 3d2+3d7 3d3+3cw 3d3+3cy 3d3+3cz 3d3+3d5 3d3+3d5+3cw 3d3+3d5+3cz 3d3+3d5+3d3 3d3+3d5+3d5 3d3+3d5+3d8 ' +
  '3d3+3d8 3d3+3da 3d3+3dc 3d3+3dd 3d3+3d7 3d3+3d3+3d7 3d5+3cw 3d5+3cy 3d5+3cz 3d5+3d1 3d5+3d2 3d5+3d3 ' +
  '3d5+3d3+3cw 3d5+3d5+3d5 3d5+3d7 3d5+3d8 3d5+3da 3d5+3db 3d5+3dc 3d5+3dd 3ek+3ek 3em+3em 3d7+3cw 3d7+3cz ' +
  '3d7+3d2 3d7+3d3 3d7+3d5 3d7+3eo 3d7+3d7 3d7+3d8 3d7+3da 3d7+3dc 3d7+3dd 3d8+3d7 3f2+3f2 3f4+3f4 3da+3db ' +
  '3da+3de 3dd+3d3 3dd+3d7 3de+3de 3cw+3cz 3cy+3d5 3cy+3d8 3cy+3de 3cz+3d1 3fl+ffs 3fn+ffs 3fp+ffs 3fr+ffs ' +
  '3ft+3fl 3ft+3fl+ffs 3ft+ffs 3fy+3fp 3fy+3fp+ffs 3fy+ffs 9oc 9oc+ffs ffs 3fl+3ft 3fl+3fy 3fn+3ft 3fn+3fx ' +
  '3fp+3ft 3fp+3fy 3fp+9oc 3fr+3ft 3fr+3fy 3ft+3fp 3ft+3fp+ffs 3ft+3fr+ffs 3ft+3ft 3ft+3fy 3fx+3fn 3fx+3fn+ffs ' +
  '3fx+3ft 3fx+ffs 3fy+3fl 3fy+3fl+ffs 3fy+3fp+9oc 3fy+3fr+ffs 3fy+3fy 3g2+3fl 3g2+3fp 3g2+3fp+ffs 3g2+3fr ' +
  '3g2+3fr+ffs 3g2+3fy 3g2+ffs 9oc+3fy 9oc+9oc 9oc+ffs+3fy ffs+3fl ffs+3fn ffs+3ft ffs+3fy ffs+9oc ffs+3ha ' +
  '3ha+3fp 3ha+3fy 3ha+ffs 3ha+3ha 3fl+9oc 3fn+3fy 3fr+3fn 3ft+3fn 3ft+3fn+ffs 3cw 3cw+3d5 3cy 3cz 3d1 3d1+3cw ' +
  '3d1+3d2 3d1+3d3 3d1+3d5 3d1+3dc 3d1+3dd 3d2 3d3 3d5 3d7 3d8 3da 3db 3dc 3dd 3de 3cw+3d1 3cw+3d5+3cw 3cy+3eo ' +
  '3cy+3dc 3d1+3cw+3d5 3d1+3cz 3d1+3cz+3de 3d1+3d2+3cw 3d1+3d2+3d5 3d1+3d3+3d5 3d1+3d3+3de 3d1+3d3+3d7 ' +
  '3d1+3d5+3d5 3d1+3eo 3d1+3db 3d1+3fd 3d2+3cw 3d2+3d1 3d2+3d5 3d2+3d5+3d5 3d2+3eo 3d2+3da 3d2+3de 3d3+3d1 ' +
  '3d3+3de 3eo 3d7+3cw+3cw 3d7+3db 3f0 3de+3cy 3de+3d1 3de+3d2 3de+3d3 3fd 3cw+3cy 3cw+3d3 3cw+3da 3cw+3db ' +
  '3cw+3de 11k 12p 1w v4 1g 24 1p pg 53+3y9 3y9+53 53+pg pg+53 53+3yc 3yc+53 53+3yd 3yd+53 53+3ye 3ye+53 53+3yi ' +
  '3yi+53 53+3yj 3yj+53 3y9+3z4 pg+3z4 3yd+3z4 3yi+3z4 53+1q 53+2e 2e+53 53+g5 g5+53 53+3zm 3zm+53 1q+53 53+3zo ' +
  '3zo+53 53+1o 1o+53 53+3zt 3zt+53 53+40g 53+2d 2d+53 53+11k 11k+53 53+40f 40f+53 40g+53 53+40h 40h+53 53+40l ' +
  '40l+53 53+40m 40m+53 2d+13 11k+13 40g+13 40l+13 2q+lj 53+417 417+53 53+28 34+53 53+41a 41a+53 53+2s 2s+53 ' +
  '53+41c 41c+53 53+2q 2q+53 53+2q+lj 2q+lj+53 417+13 28+13 2s+13 2q+13 53+421 421+53 53+423 423+53 53+424 424+53 ' +
  '53+22 22+53 53+426 426+53 53+428 428+53 53+429 429+53 53+42r 42r+53 53+pf pf+53 53+42u 42u+53 53+42v 42v+53 ' +
  '53+42w 42w+53 53+24 53+42z 42z+53 53+43k 43k+53 53+43r 43r+53 53+43s 43s+53 3z5 53+443 443+53 53+445 445+53 ' +
  '53+446 446+53 53+447 447+53 53+448 448+53 53+44a 44a+53 53+44b 44b+53 53+44t 44t+53 53+44v 44v+53 53+44w ' +
  '44w+53 53+44x 44x+53 53+44y 44y+53 53+450 450+53 53+451 451+53 45n+1o 45n+40l 45n+2q 45n+428 53+45s 45s+53 ' +
  '53+45t 45t+53 53+45u 45u+53 53+45v 45v+53 53+45w 45w+53 53+45x 45x+53 53+45y 45y+53 53+1g 1g+53 53+46g 46g+53 ' +
  '53+46h 46h+53 53+46i 46i+53 53+46j 46j+53 53+46l 46l+53 53+46m 46m+53 3zd 53+47g 47g+53 53+47u 47u+53 53+487 ' +
  '487+53 47k+418 47k+28 47k+41a 47k+2s 47k+41c 47k+2q 47k+2q+lj 47k+41v 49h+422 49h+423 49h+424 49h+22 49h+426 ' +
  '49h+428 49h+429 6k2 x6j 8rz 428 421 443 44a 477 47a 47e c1 q1 47k+417 49h+421 49i+423 49i+424 49i+22 49i+426 ' +
  '49i+428 49i+429 49z+53 4a0+53 4a1+53 4a2+53 4a3+53 4a4+53 4a5+53 4hp 4ho 17 4k5 1b 4ne 4o2 2t0 2t1 2t2 2t3 2sv ' +
  '2u2 2tr 2u3 4s5 4t8 53+4vl 53+4vo 53+4vs 53+4w0 53+43m 43m+53 53+43n 43n+53 53+43o 43o+53 53+43p 43p+53 53+477 ' +
  '53+47a 53+47b 53+47c 53+47d 53+47f 4wv+3z2 3z2+4wv 477+53 47y+53 486+53 48b+53 492+53 49j+53 v4+53 4c4+53 ' +
  '4d7+53 526 52p 56t 59k+59k 59m+59k 1cr 5ae 5b9 lg+lg 5cd 5ch 5d4 5e8 5em+5em 5kr+5kr 5mm+5mm mj mm ml lq ly ' +
  'd9+33 3e i4 5qw u3 4wm 56 39+2t 2u+ms 36+32+ms 32+ms 36+ms hq+ms 37+ms 38+ms 3e+ms 5ro 34+mt 39+mt i2+mt gb ' +
  '5sb 5sd 4wk 4ee 5ay 92k xu9 61v 6b8 3xr 1a+1a 1a+1a+1a 13+13+13 x+x 1r+1r 1r+x x+1r 13+13+13+13 8yf 8xu x2o ' +
  '1v+6i3 4j 36+32+mw 2a+37 2f+mt 2s+mt+mp 2c+6i3 30+38 11w 181+18p+30+18k 2p+1b+2r 2p+1b+37 4w+1v 2r+1b+33 ' +
  '2r+1b+39 tp 4w+1y 26+33 29 2c+1x+24 hr 15c 15d 15e 15f 1y+1t+2g wko wl2 20hs 30+30+30 30+2e 2e+30 2e+30+30 ' +
  '2e+30+30+30 30+2g 2g+30 2g+30+30 2x+2x 2x+2x+2x 2x+3a 3a+2x 3a+2x+2x 3a+2x+2x+2x 2x+3c 3c+2x 3c+2x+2x 4i7 4iw ' +
  '6nm 2q6m 4ii 4i8 2rps 2rpt b2 17+lj 2k 33+33 hv hv+hv hv+hv+hv 6r2+6r2 6r2+6r2+6r2 19+lj 1p+lj 1p+lj+mb 1p+lm ' +
  '1p+le 1p+li 1p+ob 6sh 1o+1o 1q+1q 40l 40g 1f3c ig wk5 6qv 4ik 4im 1o+1o+1o 1q+1q+1q 53+53+53 6px 6xw 7sc 7sd ' +
  '9j0 pg+mq 4ik+mq 4w+mq 6u3 2c+lk 6pz+lk 6va+lk 4w+lk 3i+lk 3zp 6pz+ms qx 2p+mq x3n+mq 2x+mq qx+mq 6z9 6z2 6yz ' +
  '6zx 6f5+6f4 73v 7jy 2k+2k 7sw 7sx 7sy 7sz 7t0 7t1 7t2 7t3 7t4 7t5 14+30+15 14+1e+15 14+1f+15 14+1g+15 14+1h+15 ' +
  '14+1i+15 14+1j+15 14+1k+15 14+1l+15 14+30+27+15 14+30+30+15 14+30+1e+15 14+30+1f+15 14+30+1g+15 14+30+1h+15 ' +
  '14+30+1i+15 14+30+1j+15 14+30+1k+15 14+30+1l+15 14+1e+27+15 30+1a 1e+1a 1f+1a 1g+1a 1h+1a 1i+1a 1j+1a 1k+1a ' +
  '1l+1a 30+27+1a 30+30+1a 30+1e+1a 30+1f+1a 30+1g+1a 30+1h+1a 30+1i+1a 30+1j+1a 30+1k+1a 30+1l+1a 1e+27+1a ' +
  '14+2p+15 14+2q+15 14+2r+15 14+2s+15 14+2t+15 14+2u+15 14+2v+15 14+2w+15 14+2x+15 14+2y+15 14+2z+15 14+36+32+15 ' +
  '14+32+15 14+33+15 14+34+15 14+35+15 14+36+15 14+37+15 14+38+15 14+39+15 14+3a+15 14+3b+15 14+3c+15 14+3d+15 ' +
  '14+3e+15 4p 6jb 4u 79a 2q6l 7b6 7bg 7bw ci 6q6 7f0 7fa 7fc 739 6ur 7g6 1f3w 6uq 6ym 6xe 7fl 1ggu pq 70o 6rz ' +
  '2s0l 2s0n 2jx4+2jxh 2jx4+2jxh+2jxq 14 15 3f 3h 6v 2k+40l 40g+1b 2jfk 4i8+4ii 6o3+6o2 4i8+6o2 6o3+4ii 6yx 2jg0 ' +
  '6yq 6yj 1f40 87u 1m+6mq 1b+lg 6tz 6tp 6tq 6tv 6tw hv+hv+hv+hv 17+lm 17+le 17+lf 17+mb 17+mo 17+6f6 19+lv 19+mb ' +
  '3c+lj 6xl 8bj 6q8 3i+lj 1p+6i8 1m+1m+1p 1p+1p 1p+1p+1p 1q+1o 4b9 4b6 40g+40l 1b+1b+1b 1b+1b 1p+59u 6n2 6n3 6n4 ' +
  '6n5 8rv 8rw qj hg ib qv wuk tk sc in rb 7jb 4j3 5wf o8 5az of o3 o4 19+lk 3i+mb 14+14 15+15 6r9 6r8 6rb 17j ' +
  '17f 52 fh7 fh6 fjv g76 aim g1s i77 i76 ik3 inu itt ix0 b96 jf0 jzp k4h l8a lal lch ldh ldm m7g mjv ffw mnh p5e ' +
  'ny3 oop p5f paa pds prt qj2 qxw r5s r5r r7l rkw rvh sbq sdy tnh tc5 3dc+9oc+3cy+3d8 tiw tj3 tm0 tw2 u06 u45 ' +
  'u6m u72 u73 u74 uar ui4 unw uws vc6 vd0 k21 vgw l7z vi7 o9o vix fi8 vj3 fh5 fid fik fj4 fju g1r g2t g2z g3m ' +
  'g46 g4r g68 g6t g74 gbf ge1 get gey gfs gg1 ggs gh5 ghu gja gjs gkj h7j hky hl6 hlh hlz ho3 i1c i2o i60 i6n ' +
  'i7s i9a i9d ijf ijp ik1 ike inm inz ir8 iri irv is3 its iu9 iur iwz jd4 jee jez jzj jzo k1z k2f k2s k3d k4g ' +
  'k4l kc0 kco kdk l5s l7m l89 l9v laj las laz lcf lck ldg m7f mju mk6 mkb 3cy+3fy+ffs mkn ml5 ml7 mng mtg mtl ' +
  'n30 n3a n4o n4v n54 n5c n7v n82 nee nel nfy ngf nhq nob noi noz ny2 o1k o1q o6s o97 oah okz ooo p4m p5d p6y ' +
  'p8d pa9 pak paq pbn pdr pe1 pnn pnu po3 poc pos pp7 ppb pri prm prs qj1 qjv qww qx8 qxv r5q r63 r82 r9c rp3 ' +
  'rpi rpx rqw rrx rxg rxs rzn s6j s7e sd7 sds sdx sk1 sp5 ssm sss ssx tj4 tng trq trt tt4 tw1 twe twi twp tzf ' +
  'u0d u0j u0x u5k u6z uc6 uc9 ucs ujs ul4 ulb un9 unj unm uoq uzp vat vb3 vc5 vcr vcz vd9 vdd veh vel vf2 vf7 ' +
  'vfk vgb vgq vgy vil vj0 vj4 kz 6go 7vq 7vr ll gg4 gg5 1ehq 1ehr 9ko 3fl 3fn 3fp 3fr 3ft 3fx 3fy 3g2 3fk 3ha ' +
  '14+3cw+15 14+3cy+15 14+3cz+15 14+3d1+15 14+3d2+15 14+3d3+15 14+3d5+15 14+3d7+15 14+3d8+15 14+3da+15 14+3db+15 ' +
  '14+3dc+15 14+3dd+15 14+3de+15 14+xz4+15 14+yvs+15 14+zc4+15 14+108s+15 14+10p4+15 14+115g+15 14+1224+15 ' +
  '14+12ys+15 14+13f4+15 14+14bs+15 14+14s4+15 14+158g+15 14+15os+15 14+1654+15 14+13p8+15 14+1350+13ic+15 ' +
  '14+1350+16f8+15 14+9oc+15 14+fik+15 14+fex+15 14+h5n+15 14+fis+15 14+g31+15 14+fer+15 14+g2z+15 14+fh9+15 ' +
  '14+gg1+15 14+kco+15 14+m7f+15 14+ldg+15 14+kdk+15 14+ssx+15 14+h7j+15 14+k4l+15 14+kkq+15 14+kcp+15 14+ny6+15 ' +
  '14+glp+15 14+mm1+15 14+rs1+15 14+nz1+15 14+gc4+15 14+fkz+15 14+gos+15 14+i1y+15 14+nhf+15 14+flt+15 14+rt3+15 ' +
  '14+ggk+15 14+nzh+15 14+fm9+15 14+pnu+15 14+po3+15 30+kco 1e+kco 1f+kco 1g+kco 1h+kco 1i+kco 1j+kco 1k+kco ' +
  '1l+kco 30+27+kco 30+30+kco 30+1e+kco 27+m9l 30+m9l 1e+m9l 1f+m9l 1g+m9l 1h+m9l 1i+m9l 1j+m9l 1k+m9l 1l+m9l ' +
  '30+27+m9l 30+30+m9l 30+1e+m9l 30+1f+m9l 30+1g+m9l 30+1h+m9l 30+1i+m9l 30+1j+m9l 30+1k+m9l 30+1l+m9l 1e+27+m9l ' +
  '1e+30+m9l 1e+1e+m9l 1e+1f+m9l 1e+1g+m9l 30+k4l 1e+k4l 1f+k4l 1g+k4l 1h+k4l 1i+k4l 1j+k4l 1k+k4l 1l+k4l ' +
  '30+27+k4l 30+30+k4l 30+1e+k4l 30+1f+k4l 30+1g+k4l 30+1h+k4l 30+1i+k4l 30+1j+k4l 30+1k+k4l 30+1l+k4l 1e+27+k4l ' +
  '1e+30+k4l 1e+1e+k4l 1e+1f+k4l 1e+1g+k4l 1e+1h+k4l 1e+1i+k4l 1e+1j+k4l 1e+1k+k4l 1e+1l+k4l 1f+27+k4l 1f+30+k4l ' +
  'app ako bp7 3gz2 3d8+3ft 3d5+3d5+9oc 2dk2 3d5+9oc+3cw fp1 ftw 20oj 3d2+3fl 3d5+9oc+3d2 gur hgh hij hwv ild bp6 ' +
  '3tbz bi9 cov k7u bmi dhf kfi bs3 kv1 lu0 npw or9 kcs kcw kcv bp1 kcz kd4 ph8 kdf q6l qif dyu ram rk6 rq4 ry7 ' +
  's11 s5z s8v slq t65 trr v9e cop w5p vr4 vnu wgo vua vo0 wci wcf w4x w2h wbv wc5 4f4 4bl 1a+18 19+1a tm+30 ' +
  'jt+2q+2x 6i1 27+27 4hl ip wz7+wz7 kr 2c+1f 38+f1 1t+1t 2p+2p 1t+27 2p+33 1t+2d 2p+39 1t+2e 2p+3a 1t+2h 2p+3d ' +
  '3b+me 38+2u 12 x2x x0n 1fde 1fei ii wkk x5f x5h g5+mw 1us 3cz+3d2 3cz+3d3 3cz+3d5 3cz+3d8 3d1+3cw+3cw ' +
  '3d1+3cz+3cz 3d1+3d3+3d3 3d1+3d8 3d2+3cz 3d3+3d5+3dc 3d3+3db 3d5+3d5+3d3 3d7+3d1 3d7+3de 3d8+3d8+3de 3dc+3dc ' +
  '3dd+3de 3de+3d5 3fd+3fd 8qn xi5 xjk xkx xlv gk+mw d9+33+mw d9+33+mt ux gk+2t 39+33 5qd hs 33+m3 5q8 5qi 5qf g2 ' +
  '8s6 3ft+3fr 3ft+3ft+ffs 3fx+3fl 3fx+3fl+ffs 3fx+3fp 3fy+3fr 3fy+ffs+ffs 3g2+3fl+ffs 3g2+3ft 9oc+3fl 9oc+3fp ' +
  '9oc+3fp+ffs 9oc+3ft ffs+3fn+3ft ffs+3fn+ffs ffs+3fr ffs+3fr+ffs ffs+3ft+ffs ffs+3fx ffs+3g2 ffs+ffs 3ha+3fl ' +
  '3ha+3fp+ffs 3cy+3d1 3cy+3da 3cz+3cz+3d3 3cz+3d5+3cw 3cz+3da 3cz+3dc 3d1+3cw+3de 3d1+3d1+3db 3d1+3d2+3de ' +
  '3d1+3d3+3cz 3d1+3d3+3dd 3d1+3f0 3d1+3fd+3de 3d2+3cy 3d2+3cy+3cy 3d2+3d2 3d2+3d3+3d5 3d2+3d8 3d3+3d1+3dd ' +
  '3d3+3d2 3d5+3d3+3d7 3d5+3d5+3cw 3d5+3d5+3cz 3d5+3eo 3eo+3d3 3eo+3d3+3d7 3f0+3d2 3f0+3de 3d8+3d3 3d8+3d3+3d3 ' +
  '3dd+3d5 3dd+3dc rpk kc4 rt4 lw1 fg2 gkl hn5 gw7 hmw jcm ne1 p6t qin qt6 r20 sjz kxu ljv mah mvy q4d sq2 uep ' +
  'fia ghh l50 mjf qi5 v8e ifk m3v qfh r50 jih pnc qvz iq2 kd3 lm2 mpo fpi g53 gda jwk l3n mj4 nhj qh2 qjg s1b ' +
  'tv6 upb v7e nt8 nzz otc q15 t1g rfa hjz iro okg pdq mle nuy rsy ttj hjs i8y kyb lp6 lxr oq7 oxj tor gcy pe3 ' +
  'g64 g5o o4c ou6 q29 tpx rk0 jin rge fg9 i5j iz6 mtj n74 gev nwb fr3 iw9 ff1 lho k1k opu gjn hge ni9 q4p re2 ' +
  'la2 lfs jjy put jog n6t fji g2x g5l kn5 oo7 prj rf6 ssv gdx gn6 ir0 k3p m4e nxm tkd ui2 vbr vda kau l87 sbm ' +
  'ino j9s jcw jve lyb mdl n0p o22 ovo pdb s9y q9a sgz t3e g7r gbn gql ma0 r0i iq1 iyd jnf l9q oji mt1 fl0 h6h ' +
  'iii izg muq mzt p7e pc6 svo tti tvs u1k fpn o1a ss4 j4x fie fyy i5q i7z k2h mha ncy q9o sjg k94 tny gax kfv ' +
  'kj7 lkx luk mx5 n6h nsb opc u3i g31 je6 tq0 fu3 ie1 lpm sa2 ivf j7o kk7 tqe g89 glr i91 k5v kem ko8 lid mx2 ' +
  'naa p6h r0v r1d tsy gfz lve gm5 mhc n14 qgq tr7 uvr vbz kgn lor pns obk olu mo0 m8p riw fk0 px2 g8q g7b ip2 ' +
  'jir onq i2t ljy kac saj tot iqb gxs hga k8k g66 mqy ngq ny4 nz2 nz9 o0f tw6 on2 qhe rg8 shk sn1 u7j u7w u94 ' +
  'v5g fqm fzb g25 gcp gdg ggh gwt gzq h2g hfk hig i90 j2s j8o j9q jci k0f k4i k9d kn9 lmf lqy lya mem mxu ntd ' +
  'ny6 nyh nyg nyo nyu nz1 o0d o0e o5c o75 og0 ow9 oxt p6a pad pnx q53 r2o r6e rgh ri1 rtf ruw tsz u0v u2j j1x ' +
  '36cu pp4 ffq g51 g2w fpc g1x g3k gcn ge2 gut gwp gyq hir hms hn8 huq i08 iqa iqh iuh iwd j4o j7y j60 j8g jec ' +
  'jpg jrw jte k0m kd7 keu lwb lvv m5a nmv mk5 mnj n01 n46 n5n nbx nbz nh7 nhw nka nk0 nv0 o8h ol7 orf p4u pxu ' +
  'q27 qrd r41 r5y ren rez rfx rka sag sj6 srd sxi tq4 tzv u17 umq 313e 3138 33dh brx cns 39e1 3bgw 3i6r vgj vim ' +
  '2u+2u 2u+2x 2u+30 2u+2u+2x 2u+2u+30 37+38 12s+12u 12s+12d 12s+12j 132+12u 12s+12l 15u 15g 15n 15o 15p 160 162 ' +
  '1dm2 1dm4 1dm6 1dlp 15c+15o 19t 1a8 1a7 1ba 1ac 1ab 1ae 1af 1al 1ak 1bn 1bl 1cj 1c5 18p+19w+30 18p+19w+33 ' +
  '18p+19w+18o 18p+19w+18o+lv 18p+19w+18o+li 18p+19w+18o+19s 18p+19w+1a3 18p+19w+18p 18p+19w+17w 18p+19w+17x ' +
  '18p+19w+18l 17s+17w 17s+17x 17s+17y 17s+18l 17s+18p 17u+17w 17u+17x 17u+17y 17u+18l 17u+18p 18p+1cr+17w ' +
  '18p+1cr+18l 18p+1cr+18p 17w+17x 17w+18l 17x+17w 17x+18l 17y+17w 17y+17x 17y+18l 183+17w 183+17x 183+17y ' +
  '183+18l 185+17x 185+18l 186+17w 186+17x 186+17y 186+18l 187+17x 187+18l 188+18l 189+17w 189+18l 18a+17w ' +
  '18a+18l 18h+17w 18h+17x 18h+17y 18h+18l 18h+18p 18i+17x 18i+18l 18i+18p 18j+30 18j+17w 18j+17x 18j+17y 18j+18k ' +
  '18j+18l 18j+18p 18k+17w 18k+17x 18k+17y 18k+18l 18k+18p 18l+17w 18l+17x 18l+17y 18l+18l 18l+18p 18m+17x ' +
  '18m+17y 18m+18l 18m+18p 33+17w 33+18l 33+18p 18p+17w 18p+17x 18p+17y 18p+18l 18p+18p 180+19s 181+19s 18p+19s ' +
  '1e9e+18x 1e9g+18x 1e9i+18x 1e9k+18x 1e9m+18x 1e9o+19s 18p+19w+181 18p+19w+182 18p+19w+18m 17s+181 17s+182 ' +
  '17s+18m 17u+181 17u+182 17u+18m 18p+1cr+181 18p+1cr+182 18p+1cr+18m 18l+30 18m+181 18m+182 18m+18m 18p+181 ' +
  '18p+182 18p+18m 18p+19w+17y 17s+33 17u+33 185+17y 18k+33 18m+33 33+19s 18p+33 18p+1cr+33 183+33 183+1cr+18l ' +
  '183+1cr+33 1e9j+18x 1e9l+18x 1e9n+18x 187+18p 189+18p 18a+18p 183+18p 183+1cr+18p 17x+18p 17w+18p 17y+18p ' +
  '185+18p 186+18p 183+1cr+17w 183+1cr+17x 183+1cr+17y 183+1cr+181 183+181 185+181 186+181 30+ln 17u+17w+18l ' +
  '17u+17x+17w 17u+17x+18l 17u+17y+18l 17u+18l+17w 17u+18l+17x 17u+18l+17y 17w+18l+17x 17x+18l+18p 183+17x+17w ' +
  '183+17w+17x 183+17w+18p 183+18l+17x 183+18l+17w 183+18l+18l 185+17x+17x 185+18l+18l 183+1cr+17x+18l ' +
  '183+1cr+17w+18p 183+1cr+18l+17y 183+1cr+18l+18l 186+17x+18p 186+17y+18l 187+18l+17x 187+18l+18l 187+18l+18p ' +
  '189+17w+18l 189+18l+18l 189+18l+18p 18a+18l+18l 18a+18l+18p 18h+17y+18l 18i+18l+17x 18i+18l+18l 18k+17x+18l ' +
  '18k+17x+18p 18k+17w+17w 18k+17y+18l 18k+18l+17x 18l+17x+17w 18l+17x+18l 18l+17x+18p 18l+17w+17x 18l+17w+18l ' +
  '18l+17y+17w 18l+17y+18l 18l+17w+17y 33+18l+17w 33+18l+18l 18m+17x+18l 18m+17x+18p 18m+17w+18l 18m+17w+18p ' +
  '18m+18l+18p 18p+18l+18l 17s+17y+18p 17u+17w+18p 17u+17y+18p 17u+18l+18p 17w+18l+18p 17w+17x+18p 183+17y+18p ' +
  '185+17x+18p 183+1cr+17x+18p 18k+17w+18p 18k+18l+18p 18p+17x+18p 18p+17w+18p 18p+18l+18p 18l+18l+18p ' +
  '18i+18l+18p 18j+18l+18p 18m+17w+17x 18l+17y+18p 18k+17w+18l 18j+18l+18l 17x+17w+18p 18l+17w+18p 18h+18l+18p ' +
  '17s+17x+18p 185+18k+18p 18i+18k+18p 30+18k+18k+18x+19s+33 30+18j+17s+181 18l+17x+18l+17z 185+18k+189+18l ' +
  '181+183+18o+18k 189+18k+18p+33 18o+183+18k+18l 185+18k+18p+w+30+18k+18k+33+w+189+18k+18p+33+w+18o+183+18k+18l ' +
  '17w+18k+w+17w+18k+30+18k+33 6x3 730 731 732 733 734 735 17l 17m 17s 17w 17x 17y 17z 180 181 182 183 185 186 ' +
  '187 188 18a 18i 18k 18l 18m 18k+17m 18k+30+19w 18k+30+191 18k+30 1e7z 9i4 7fu 26+lm 2g+mt 2e+mt ' +
  '30+mt+30+mt+2b+mt 30+mt+30+mt rc 8xs 1f9e 1f9v 8s0 hj gu 1fgm xv sr 4iu 1j wvd 1gly+1gly 1h2d 1h1e 1tm xdo xdn ' +
  '6rs 1ik4+1iki+1ij6 1ik4+1iki+1ijc 1ik4+1iki+1ijn 1ik4+1iki+1ijt 1ik4+1iki+1ijw 1ik4+1iki+1ijy 1ikr+1ikr 1w8 ' +
  '1wa 1wc 1we 1wf 1wh 1wy 1wk 1wl 1wm 1wn 1wo 1wq 1wu 1wv 1ws 1wj 1x3 1x4 1xa 1xj 1xn 1xz 1xo 1xp 1x9 3b+lj 1yf ' +
  '1yg 1yk 1ite 1itf 1itg 1iuq 1iur 1iyp+1iyp 6pz 1jvp+1jvz 1jvp+1jw0 1jvp+1jvp 1jvp+1jvp+1jvz 1jvp+1jvp+1jw0 ' +
  '1jvv+1jvz 1jvv+1jvv 1jvv+1jvv+1jvz 1jw3+1jvz 1jw3+1jw0 1jw3+1jw3 1jw3+1jw3+1jvz 1jw3+1jw3+1jw0 1k5d+1k5d 1k8a ' +
  '1fa2 wuw 2rco zi 6kk 6tr 6ts 4i3 2z 38 qe qm 6pu rh 5ag 6qo 27+1a 27+18 30+18 1e+18 1f+18 1g+18 1h+18 1i+18 ' +
  '1j+18 1k+18 1l+18 10+6hs 14+1t+15 14+1u+15 14+1v+15 14+1w+15 14+1x+15 14+1y+15 14+1z+15 14+20+15 14+22+15 ' +
  '14+23+15 14+24+15 14+25+15 14+26+15 14+27+15 14+28+15 14+29+15 14+2a+15 14+2b+15 14+2c+15 14+2d+15 14+2e+15 ' +
  '14+2f+15 14+2g+15 14+2h+15 14+2i+15 a84+9+6hp 1v+6hs 14+kdo+15 14+i2x+15 14+m9l+15 14+jf7+15 14+nh3+15 ' +
  '14+gd9+15 14+k0n+15 7jx 2jek 2jel 2jem 2jen 2jei 2jej 2j22 2j24 2sca 29+1x 1t+2a 2e+5wk 7jd 89r 6u9 37+37+37 ' +
  '25+1u 2e+1u 6u8 hkn hlm 2xm0 ivu lmt mud 395l rvf 3d7s 3eie 37dg ibk 33a7 fgd fg8 fgh 2tcy fog fqz fwa fx5 fyn ' +
  'ae6 2ud6 g2c g2s g3b 2u58 aex g2v g3x 2u6j g47 g4k fkc g4s 3ly7 g77 afz g8r g92 gaa gaf ahh ged gee gg9 ggq ' +
  'ghf ghp ghr 2v58 m7k gju gkf 2vdv gkr gkx gli gpq gmw gnc go8 gpu gs6 gsw gv7 gw4 gx7 gxf gxu h7a h7b h1t h2s ' +
  'hke hce hdg he5 haj hf6 hf5 hik 2x9g hki hl2 hlu hnm 2xnu hrg hsr ht3 hqw huu aum av0 hzc i0u 2y88 i4j i54 i5v ' +
  '2yhk i67 i6e itv ayp i8w ia5 2z1g if7 2z1i ige igb igs ijl ijm b3j ikd ilk im5 ind b4y 2zr7 b5o ipc ipf ipi ' +
  '3pg2 3035 poh isi b7r 335k 3cgq iua iuj b8j ix9 ixj iyh j29 bay ba4 30t0 j47 j7s j7w j96 jaq jac jan jby jdc ' +
  'jdn jfh jht jis jm8 31n0 jlp jjw jmw jnn jqc 31td js2 jph jop bhq ju1 jum jvh juf bjg k18 32mi k4j kc8 k7d bo9 ' +
  'bns bms g42 g45 kcg k9o pf1 deh kdd kf2 ker 33cz bpl kje kg5 klu 33hp kni kkf kr8 ksi kv7 kx6 l2g 33xf l3v bvc ' +
  'l5t 34br l78 bwu l82 l9b la3 34p9 2yvf 34sa le6 354s lhb lhp lev ljq lku lm1 lmg 357i lkk lrj lta c37 lvr 35jl ' +
  'lq1 m0e 35ni 35ou m2u m61 m57 c5y m6i m7x m7r m99 2u5h mdh 368z mfw 36i3 mjs mkw 36yw mm8 mmt 3779 mt6 mtn cdo ' +
  'ce0 myv mzg n0l n2i cgr n50 386u n5q 389e 2zrz nbk 38v5 38vs 38zo cn0 cnc 394j 394i 396b nj2 nj3 nm3 cp2 cra ' +
  '39r1 nri ctf 3a5i 3a8q 3a9x o2z cvj o5m o5r 3at8 3b1j oa6 d1e 3b8r og6 og9 d2f 3beo onm d5s oo8 oo3 oow 3c06 ' +
  'orn d8h ouf ow2 oxx d9w 3ciw 3cjr dax 3cnt p6i 3cqm p79 pa2 3d22 3d43 pcw pdc ded pf6 phf dfv pj2 hx1 3dlz ' +
  '3dmd 33bn 33bw pok sda dij psh psb pst gc3 ptd ptf ptp puu 3ebg pwd pyb q0d pwj q0t q1z pxv q16 q18 q1o 3eqz ' +
  '3emt dnv q9d q9f qae 3g0a qck 3f3g dp9 dpd 3f75 3ff6 dpn qj4 qjr qjt qll qko qoe qn6 qp4 qqz qrq dsn qu9 qv5 ' +
  'dtl qxs 3giv r13 r1a dv9 r22 aez 3h46 dz2 dzb rds 3hrc rsb rsx rxz 3i9b 2upw s0b rzw s1c 2uvy s7o 3jki 3jl9 ' +
  'sk4 smp snl 3ju6 snv svs t07 t08 sxo t89 t91 3ksa tjf ej9 tkn 3l2v eli ts3 iia tur 3ltx 3lzu epa epi u00 3mdm ' +
  'er6 3mhi u21 3mpi u76 eur u95 ucn ude uf2 ez2 3nsg uv4 v0d f66 f71 v3b 3owe f7c 3oxx 3p5a 3p8x f9y vem vet vf3 ' +
  'vfa 3pxc'

/** For each source in ascending order: distance from the one before, and number of its target; base 36. */
export const SOURCES =
  'y:0 3:1 b:2 1:3 o:3 n:4 d:5 f:3 10:6 2:7 3:8 a:9 5:4 1:a 3:b e:c 1:d 9:e 7:f 1:g e:h 1:i 9:j 6:k 2:l 6:m i:e ' +
  '1:n 9:o 1:p b:q 1:r a:s 1:t 1:u c:v 1:v 1:w 1:x 4:y 3:z 2:10 5:11 2:12 1:13 g:14 3:15 1:16 o:17 1:18 1:19 1:1a ' +
  '1:1a 1:1b 3:1c 2:e 1:1d 2:1e 1:1f 4:1g 1:17 1:1h 3:3 1:1i 1:1j 1:1k 1:1i 1:1l 2:1m 1:10 1:1n 1:1o 1:1p 3:1q ' +
  '1:1r 1:1s 1:1t 5:1u 1:1v 1:1w 5:1x 1:1y 1:1z 1:20 1:21 4:22 1:23 1:24 2:m 1:3 1:25 2:26 1:27 1:28 1:29 1:2a ' +
  '1:2b 1:2c 1:2d 1:2e 1:2f 1:2g 1:2h 1:2i 1:2j 1:2k 1:2l 1:2m 1:2n g:2o 1:2p 1:2q 1:2r a:2s 1:2t 1:2u 2:2v 9:2w ' +
  's:2x 1:14 1:21 6:2y 1:2y 1:2z 1:30 1:31 1:32 l:7 2:33 3:34 3:35 2:36 1:37 1:38 1:39 4:3a 1:8 1:3b 2:3c 2:3d ' +
  '3:3e 1:3f 2:3g 1:3h 1:3i 5:3j 1:1f 2:3k 3:3l 2:3m 1:s 1:s 1:3n 2:3o 1:3p 1:3q 2:3r 2:3s 2:3t 1:3u 6:3v 1:3w ' +
  '5:3x 9:3y 4:3k 1:3z 2:40 2:34 1:41 b:42 3:2u 1:43 1:44 1:45 1:46 1:47 1:48 1:49 1:4a 8:4b 6:4 1:0 1:4 1:4 1:4 ' +
  '1:4 1:4c 3:4d 1:4e 1:4f 2:4f 2:4 2:4 1:4 5:4g 3:4c 4:4h 1:4i 1:4j 1:4k 1:s 1:4l 1:0 4:4m 1:4n 2:4o a:0 6:4 2:0 ' +
  '2:4g 3:4p a:4q 7:4r 1:4s 3:4t 1:4u 4:4v 2:4w 3:4x 6:4y 1:4z 1:50 5:4z f:51 1:52 2:4z 7:53 1:54 1:55 1:4v 2:50 ' +
  '2:56 1:57 f:58 1:59 e:5a 8:4r 2:5b 4:4 1:5c 1:5d 1:5e 3:s 1:5f 2:5g 1:5h 1:5i 5:4 3:5j a:5k 1:5l 3:5m 1:5n ' +
  '1:5o 1:1n 1:3 1:5p 1:5q 1:5r 1:5s 2:2 2:5t 2:5u 1:5v 1:5w 2:5x a:3c 1:5y 1:3k 1:5z 1:3i 2:10 1:1n 1:s 1:60 ' +
  '3:61 2:62 2:m 2:62 1:63 1:3y 1:64 a:5y 1:1n 1:5w 3:64 1:65 5:66 1:67 8:68 1:69 3:1t 1:6a 3:6b 1:62 3:60 1:m ' +
  '1:6c 1:6d 1:1n 1:3i 2:6e 1:m 1:6f 1:5r 3:6g 2:6h 5:6i 1:6j 1:3 2:5i 8:5k 1:1a 1:5l 1:6k 2:5m 2:21 2:6l 1:5p ' +
  '1:5q 1:5r 1:5o 1:2 1:6m 1:5t 1:6f 1:5v 1:5w 1:6n 1:5x 6:6o 1:1b 2:6p 2:3c 1:6b 1:6q 1:6r 2:6s 2:6t 1:5e 2:60 ' +
  '2:6u 1:6v 1:62 1:65 1:m 1:6c 1:63 1:3k 1:64 1:f 3:3q 2:6w 1:6x 1:6y 3:6z 5:3i 1:24 1:s 2:6d 3:r 2:70 2:71 2:3q ' +
  '1:18 1:18 d:72 1:73 1:1n 1:3t 1:74 1:61 7:75 1:76 d:77 1:78 1:18 1:18 3:79 1:7a 1:7b 1:3a 3:7c 1:7d 1:7e 1:7f ' +
  '1:7g 1:7h 3:7i 1:7j 3:7k 1:7l 7:d 1:i 1:7m 1:7n 1:5w 1:3k 1:8 1:3b 1:7o 9:7p 2:6s 1:7q 1:7r 1:3 5:7s 1:7t 1:7u ' +
  '1:7v 1:7u 1:7v 1:7w 1:7x 1:7y 1:7z 1:3 5:c 1:h 3:80 1:3g 7:21 1:40 7:1n 1:3t o:81 9:82 2:83 1:84 3:85 1:3i ' +
  'a:86 1:87 1:3q u:88 9:89 6:8a 2:8b 1:8c 2:6j 4:6n 2:2 5:4 3:4 4:3q 2:86 3:86 8:5z 2:7p 2:10 3:8d 3:8e 2:8f ' +
  '2:8e 1:3y 4:1f 1:s 2:17 1:62 2:8g 2:4g j:54 1:54 7:8h 4:8i 5:8j 1:8k 1:5a 5:8l 5:59 1:59 6:3 1:59 1:59 1:4g ' +
  '1:59 1:8l g:3 3:61 1:4 6:3 2:62 f:25 1:8m 1:0 1:4 1:0 l:8n 1:8o 3:b 2:8p 9:54 1:4v 1:4w 9:8q 1:8r 1:8s 1:8t ' +
  '1:3 4:8u 9:8v 9:8w 2:8u 8:62 3:8x 1:8y 3:54 1:4v 3:5a 1:55 3:8z 1:90 1:4r 1:4q 1:4r 1:4u 1:8l 1:91 2:92 1:93 ' +
  '1:3 4:62 2:74 1:5q 2:1 1:b 1:94 1:95 1:8x 1:96 3:8q 1:8s 2:8q 1:8r 1:97 1:8t 1:98 1:99 4:8u 3:9a 4:9b 3:9c ' +
  '3:9d 3:9e 1:9e 2:9f 1:9g 6:9h 6:9i 1:9j 5:9k 3:9l 1:9k 1:9m 1:9m 3:9n 7:9o 1:9p 2:9q 3:8x 1:98 2:8u 1:62 3:62 ' +
  '1:9r 1:k 3:9s 1:9t 1:9u 1:9v 2:9w 1:8x 2:9x 2:9y 1:8u 1:8x 2:4h 1:62 a:5a 9:4t 4:59 2:9z 1:a0 1:93 1:3 1:a1 ' +
  '1:a2 1:a3 1:62 1:a4 1:74 1:5q 1:a5 4:a6 1:a7 1:a8 2:93 1:93 1:4g 1:4g 1o:59 1:59 1:a9 5:54 a:aa 1:8u 4:9x c:ab ' +
  '1:9n 4:ac 1:ad 1:ae 3:af 5:ag 1:9a c:ah 1u:2 a:3 x:4q 2:59 1:4u 5:ai 1:4 1:4 5:aj 45:ak i:al 3:am 3:an 1:ao ' +
  '1:ac 5:ap 1:aq 1:ar 1:as 1:at 4:au 1:av 2:aw 1:ax 1:96 1:96 1:8x 1:ay 1:az 1:b0 1:b1 1:b2 z:b3 3:b3 2:59 1:ai ' +
  '2:8l 1:b4 2:8y 1:b3 1:b5 1:4v 5:58 1:b6 1:b7 5:58 1:b8 1:4t 1:59 1:4g 1:b9 2:ba 2:bb 5:bc 1:bd 2:be 1:bf 1:bg ' +
  '1:bh 1:bi 13:bj 1:8l 3:bk 6:4r 2:bl 2:bm 9:4y 1:53 1:54 2:bn 1:bo e:bp 1:62 1:a5 2:21 9:bq 1:br 1:bs 1:bt 8:34 ' +
  '4:4t 5:bu 1i:8l 10:bv 1:bv 5:62 4:2y 3:bw 3:bx i:59 1:by 3:bz 1:c0 1:c1 1:c2 1:c3 5:c4 1:c5 4:c6 1:c7 7:c8 ' +
  '3:c9 1:ca 4:cb 3:cc 4:cd 3:ce 7:cf 3:cg 4:8l 3:bk 2:bn 1:bo 5:bl 1:ch 3:ci 2:cj p:62 1:bw 3:2y 8:ck f:4t 1:59 ' +
  '1:4g 3:cl 7:cm 2:cn 1:co 1:cp 2:cq 1:cr m:69 6:cs c:8l 1:ct 4:cu 1:cv b:cj p:62 2:cs 1:21 1:cw 1:69 3:cx 2:cy ' +
  'h:4t 2:2y 3:cz q:2 s:8l 16:62 2:bw q:5a 8:d0 a:d1 8:d2 k:d3 8:d4 6:d3 a:d5 2:d6 1:d7 1:d8 1:59 a:d9 f:62 1:da ' +
  '1:db 2:dc 1:dd 1:de 1:df 1:dg 2:dh 2:di 2:dj 1:dk 2:dl 1:dm 2:dn 6:4t 2:62 1:by g:do 1:dp 2:dq a:dr 2:ds 3:dt ' +
  '8:du 1:dv 9:dw 2:dx 9:dy 2:dz s:e0 1:e1 5:62 r:4t 1:62 1:by 2:e2 1:e3 1:e4 9:e5 2:e6 1:do 1:dp 3:e7 5:e8 1:e9 ' +
  '1:ea 1:eb 4:ec 3:ed 2:ee 7:ef 1:eg 1:eh 1:ei 1:ej c:ek 2:el 2:em p:en 5:eo 5:2 1:ep 1:eq 7:er i:4t 1:62 1:by ' +
  '5:es 1:db 1:et 2:eu 4:ev 3:ew 1:ex 2:ey 3:eu 3:d2 3:24 1:62 3:ez 2:f0 c:f1 3:f2 2:d4 4:f3 5:f4 1:f4 2:f5 1:f5 ' +
  '3:f6 1:f7 1:f8 6:4j c:f9 5:fa 2:fb 5:62 4:fc 1:fd 1:fe 1:bw 1:ff 1:fg 7:fh 3:eu 1:fi 1:fg 1:fc 1:fj 1:fk 4:62 ' +
  '1:by a:fl 5:fm 1:fn y:fo 1:fp 3:fq 7:fr 4:fs 11:ft 1:fu 1:fv 4:fw k:fx 8:fy 4:fz 5:g0 1:g0 2:g1 a:g2 5:g3 d:g4 ' +
  'e:g5 4:g6 8:5a 3:62 1k:g7 5:g8 d:g9 1:ga 2:gb 1:gc 1:gd k:ge 5:gf 1:gg f:gh 1:gi 1:gj 1:gk 2:5a 3:62 c:gl 1:gm ' +
  'z:gn 2:go 1:gp 9:gq 2:gr d:gs 3:gt 1:gu o:gv 1f:gw d:gx 2:gy 2:gz 2:h0 29:h1 7:h2 1:h3 16:h4 2:f1 2:6c c:h5 ' +
  'd:62 2:h6 4:h7 6:h8 1:h9 7:ha 5:5a 2:by 8:62 b:hb f:6c 7:hc 4:hd 1:he 9:hf 1:hg e:hh 3:hi t:hj 2:hk 1j:h5 1:f1 ' +
  'f:3k c:40 c:62 2:hl 3:hm 4:hn 2:ho 3:hp 6:hq 1:hr 1:hs 1:ht 1:hu 1:hv 1:hw 1:hx 1:hy 1:hz 1:i0 1:i1 1:i2 1:i3 ' +
  '1:i4 1:i5 1:i6 1:i7 1:i8 1:i9 1:ia 1:ib 1:ic 1:id 1:ie 1:if 1:ig 1:ih 1:ii 1:ij 1:ik 1:il 1:im 1:in 1:io 1:ip ' +
  '1:iq 1:ir 1:is 1:it 1:hx 2:iu 2:iv 2:iw 1:ix 1:iy 1:iz 1:j0 1:j1 1:j2 1:j3 1:j4 1:j5 1:j6 2:j7 2:j8 2:j9 1:ja ' +
  '1:jb 3:jc 1:jd 1:je 2:jf 1:jg 1:jh 1:ji 1:jj 4:jk 2:jl 2:jm 2:jn 2:jo 1:jp 1:jq 3:jr 1:js 1:jt 2:ju 1:jv 1:jw ' +
  '1:jx 1:jy 1:jz 1:k0 1:k1 1:k2 1:k3 1:k4 1:k5 1:k6 1:k7 1:k8 1:k9 1:ka 1:kb 1:kc 1:kb 1:kd 1:ke 1:kf 1:kg 1:kh ' +
  '1:ki 1:kj 1:kk 1:kl 1:km 1:kn 1:ko 1:kp 1:kq 1:kr 1:ks 1:kt 1:ku 1:kv 1:kw 1:kx 1:ky 1:kz 2:l0 1:l1 1:l2 1:l3 ' +
  '1:l4 1:l5 1:l6 1:l7 1:l8 1:l9 1:hl 1:la 1:lb 1:jh 1:ji 1:lc 1:ld 1:le 1:lf 1:lg 1:lh 1:li 1:lj 1:hx 1:lk 1:ll ' +
  '1:i4 1:lm 1:ho 1:ln 1:lo 1:lp 1:lq 1:lr 1:ls 1:lt 1:lu 1:lv 1:hq 1:hs 1:jg 1:lw 1:lx 1:hu 1:jj 1:ly 1:hv 1:lz ' +
  '1:m0 1:hw 1:m1 1:m2 1:m3 1:m4 1:m5 1:m6 1:m7 1:m8 1:m9 1:ma 1:mb 1:hz 1:mc 1:md 1:me 1:mf 1:mg 1:i0 1:mh 1:id ' +
  '1:mi 1:ie 1:ig 1:ii 1:ij 1:il 1:mj 1:iw 1:mk 1:j2 1:ml 1:mm 1:j0 1:j1 1:jc 1:jd 1:mn 1:mo 1:mp 1:mq 1:mr 1:ms ' +
  '1:mt 1:mu 1:mv 1:mw 1:hr 1:8c z:8f t:6n w:mx 1g:my 1o:2 5s:mz 1:1s 1:5v 2:1o 1:s 3:5b 1:5w 1:5k 1:5i 1:5m 2:34 ' +
  '2:5b 1:6k 2:87 4:5r 4:5o 2:5w 1:1n 1:14 1:83 2:7p 1:5n 4:n0 4:85 1:35 2:n1 1:1b 3:1s 2:87 1:6j 4:74 1:6j 4:n2 ' +
  '1:6f 3:5t 4:5p 1:81 4:1n 3:6b 2:5y 2:3l 1:83 1:5l 7:84 1:6q 4:n3 3:n4 9:n5 1:n6 1:n7 1:n8 1:n9 1:na 1:nb 1:nc ' +
  '1:nd 1:ne 2:nf 1:ng 1:nh 1:ni d:5j 4:nj 1:nk 1:nl 1:nm 1:74 2:5q 2:4e 4:nn 1:4d 2:no 1:np 1:nq 1:nr 1:ns 1:nt ' +
  '1:nn 1:nu 1:nv 1:nw 1:nx 1:ny 1:nz 1:o0 3:4 2:8c 2:mx 6:o1 3:o2 1:o3 1:o4 1:o5 1:o6 1:o7 1:o1 1:o8 1:o9 1:oa ' +
  '1:ob 1:oc 1:od 1:oe 3:of 1:og 1:oh 1:oi 3:5t 2:81 3:1b 1:oj 1:ok 1:ol 1:om 1:on 1:oo 1:op 1:oq 1:or 1:os 1:ot ' +
  '1:ou 1:ov 1:ow 1:ox 4:oy 1:oz 1:p0 1:p1 5:5i 5:p2 1:p3 1:p4 1:p5 1:p6 1:p7 1:p8 1:p9 1:pa 1:pb 1:pc 1:pd 1:pe ' +
  '1:pf 6:6k 5:n2 2:pg 1:ph 1:pi 1:pj 1:pk 1:pl 1:pm 1:pn 1:po 1:pp 1:pq 1:v 1:pr 1:ps 6:1t a:pt 1:pu 1:pv 1:pw ' +
  '1:px 1:py 3:pz b:q0 1:q1 1:q2 1:q3 1:q4 1:q5 1:q6 1:q7 1:q8 1:q9 1:qa 1:qb 1:qc 1:qd d:qe 1:qf 1:qg 1:qh 1:qi ' +
  '1:qj 1:qk 1:ql 1:qm 1:qn 1:qo 1:qp 1:qq 1:qr 9:qs 1:qt 1:qu 1:qv 8:qw 1:qx 1:qy 1:qz 1:r0 1:r1 1:r2 1:r3 1:r4 ' +
  '1:r5 1:r6 1:r7 1:r8 1:r9 b:ra 1:rb 1:rc 1:rd 1:re 1:rf 1:rg 1:rh 1:ri 1:rj 1:rk 1:rl 1:rm 1:rn 4:ro 1:f d:rp ' +
  '1:rq c:rr 1:rs c:rt 1:ru e:5z 5:5o 1:f 1:rv 1:rw 1:rx 1:ry 1:rz 1:s0 1:s1 1:s2 2:1s 7:s3 1:s4 1:s5 1:s6 1:s7 ' +
  '1:s8 1:s9 r:1b 5:67 1:sa 2:sb d:sc 1:5k p:mz c:mz 5:n0 1:5r 7:5l b:sd 1:se 1:sf 3:sg r:sh 1:si 1:sj a:sk 1:sl ' +
  '5:sk 1:sl 1k:5x 1:f 1:sm 1:sn 1:so 1:sp 1:sq 1:sr 1:ss 1:st 1:su 1:sv 1:sw 1:sx 1:sy 1:sz 1:t0 3:6 1e:4d 5:5x ' +
  'a:3 1:t1 a:4 9:5p 1:5r 2:72 9:t2 a:5j 1:4g 1:t3 3:6n 1w:t4 1:t5 2i:t6 k:t7 k:t8 1:t9 1:ta 1:tb c:5a 5:gh 8:5a ' +
  '1:tc 1:td 4:te 1:tf 6:62 z:4g 6:4g 24:tg 1t:th t:ti 3:tj 3:tk 9:tl 4:tm 1:tn 1:to 1:tp 1:tq 1:tr 1:ts 1:tt ' +
  '1:tu 1:tv 1:tw 1:tx 1:ty 1:tz 8:4n 1:u0 1:u1 3:u2 3:u3 1:u4 1:u5 3:u6 2:u7 3:u8 3:u9 2:ua 66:ub 1:uc 4v:ud ' +
  'g:ud p:ue 2:uf 9:ug 3:50 y:uh 9:4q 5:ui 1:uj 2y:uk 1:ul 5:um 4:un 3:uo 65:up 1v:uq 29:4u 2:4q 1:0 2:ur 3:us ' +
  '1:ut 1:uu 2:8z 1:8l 1:b4 f:uv n:6c 4:6t 3:60 2:6u 2:62 1:5f 1:62 3:uw 8:3y 4:61 1:3q 1:ux 2:6a 2:6r 1:uy 1:65 ' +
  '1:uz 2:v0 j:v1 k:v2 p:v3 3:v4 1:v5 1:v6 2:v7 1:v8 1:v9 1:va 1:vb 2:vc 3:3m 1:3m 1:vd 1:ve 1:vf 4:1f 9:3k 4:vg ' +
  'f:vh 3:vi o:vj 1:vk 19:vl 6:vm 2d:vn 2f:vo 3:17 1:5y 2p:3k 3i:vp 1s:4 1:s 1:4 1:4l 1b:4 7:vq 7:4 1:4 2:6 1:6 ' +
  '1:6 1:6 1:6 1:6 1:6 1:6 1:6 1:6 1:6 6:4h 1:4h 1:4h 1:4h 1:ju 1:ju 1:25 2:4 1:4 1:b 1:4 1:0 1:0 2:0 3:5j 2:93 ' +
  '1:vr 1:vs 1:5j 1:6 1:6 6:6 1:8n 1:8o 1:4 1:0 1:vt 1:4 1:0 1:vt 2:4d 1:4e 2:vu 2:9 3:t5 2:4h 1:t5 3:vv 1:vw ' +
  '1:vx 5:95 4:1 1:4l 4:vy 3:4g 3:vz 1:w0 1:6 h:v2 9:w1 14:w2 3:w3 1:w4 3:w5 1:w6 2:w7 1:6i 1:7i 1:w8 8:w9 7:wa ' +
  '4:wb q:ug 11:wc 1:wd 1:6f 1:we 2:wf 1:wg 1:85 1:wh 1:wi 1:1f 1:5o 1:5o 1:5o 1:7p 1:r 1:3 1:3 1:n2 1:3 2:5s ' +
  '1:wj 3:5t 1:wk 1:1s 1:1s 1:1s 4:wl 3:5n 2:sl 1:sk 1:5n 1:wm 1:5p 2:5l 1:6f 1:6s 1:6s 1:5m 1:67 2:5r 1:62 1:wn ' +
  '1:wo 1:wp 1:wq 1:s 2:wr 1:65 1:3k 1:6k 1:6m 1:5u 1:ws 1:wt 1:wu 2:mz 1:81 1:6s 1:s 1:6d n:3 1:25 1:wv 1:ww ' +
  '1:74 1:wx 1:wy 1:wz 1:x0 1:5x 1:x1 1:x2 1:n2 1:6f 1:mz 1:5r 1:s 1:x3 1:x4 1:x5 1:61 1:x6 1:x7 1:x8 1:x9 1:f ' +
  '1:xa 1:xb 1:3 1:6c 1:81 1:5 4:6g 1:5f d:xc 4:xd w:xe 5:xf 4:xg 1:xh 5:xi 8:xj 1g:sc 3:xk 3:n4 9:6m 2:5u 1:4h ' +
  '2:xl 1:t5 1:xm 1:95 1:4k 1:5j 5:xn 5:3 2:25 3:61 1:mx 1:8c 1:xo 1:xp 1:xq 2:xr 1:xs 6:4g 2:xt 4:4l k:xu 1:xv ' +
  '6:xw 2:xx 1:xy 4:xz 5:y0 7:y1 1:y2 n:y3 1:y4 i:y5 1:1n 3:y6 4:1n 7:5v 1:y7 r:y8 1:61 1:mx 1:8c 1:y9 1:5j 3:ya ' +
  'e:ny 1:nn 1:yb 1:yc l:vz 1:yd 5:3i b:5m 1:ye 11:yf 4:yg 1:yh n:yi o:yj 1:yk 2:yl 3:ym 2:yn 1:yo 1:yp 1:yq 1:k ' +
  '3:yr 1:ys 2:yt 1:1n 7:s 1:m 1:yu 1:yv 1:yw 1:yx 1:yy 1:3c 5:t1 t:jw 3:jw 3:jw 3:jw 5:jw 4:jw j:yz 1:z0 1:z1 ' +
  '3:z2 y:z3 k:z4 1:3 1:z5 24:z6 m:z7 1:z8 1:z9 1:za 1:zb 1:zc 1:zd 1:ze 1:zf 1:zg b:zh 1:zi 1:zj 1:zk 1:zl 1:zm ' +
  '1:zn 1:zo 1:zp 1:zq 1:zr 1:zs 1:zt 1:zu 1:zv 1:zw 1:zx 1:zy 1:zz 1:100 1:101 1:102 1:103 1:104 1:105 1:106 ' +
  '1:107 1:108 1:109 1:10a 1:10b 1:10c 1:10d 1:10e 1:10f 1:10g 1:10h 1:10i 1:10j 1:10k 1:10l 1:10m 1:10n 1:10o ' +
  '1:10p 1:10q 1:10r 1:10s 1:10t 1:10u 1:10v 1:zh 1:10w 1:10x 1:10y 1:10z 1:110 1:111 1:112 1:113 1:114 1:115 ' +
  '1:116 1:117 1:118 1:119 3:11a d:11b 2:11c k:11d f:11e m:ju 1:ju 2:11f c:11g k:11h 1z:11i 7:t5 2:5x l:11j 8:11k ' +
  '4:9 3:11l 6:11m 3:11j h:11n 2:n4 4:11o 1:11p 2:11p 3:11q 4:11r 6:y9 3:y9 1:4k 3:11s i:11t 6:4k z:y6 7:11u ' +
  'l:11v b:11w 8:11x m:11y 9:11z 6:120 5:y9 7:121 1:122 1u:cy 58:123 1:124 5:4d 1:4e 3:123 1:124 1:125 1:126 w:t3 ' +
  '1:4h 1:127 17:y7 6:128 1:129 2:t5 2:xm c:5v f:yg 1:yh 7q:12a 18:f 1:f 1j:12b 2:12c 9:12d 1:12e 16:w0 n:12f ' +
  '5:12g 9:11s 6:yi 1:12h 2:12i f:12j 3:12k r:12l 1:xm 1:12m 2:t5 1:xm 7:y6 1:y5 1:12n 1:12o 1:12p 1:12q 1:12r ' +
  '6:12s h:ya 3:y2 1:xg 1:12t 1:12u 1:12v 1:12w 1:12x 1:12y 2:12z 1:130 5:f 1:131 d:132 1:133 1:134 17:135 4:136 ' +
  '6:137 1:138 1:139 1b:13a 5:13b 1:13c 18:13d 10:13e 2:13f 49:13g 2e:13h 1:13i 1:13j 1:13k 3c:7k 2:7g p:5l 1:6q ' +
  '1:6k 1:6r 1:n4 2:6i 1:3i 2:66 1:13l 1:13m 1:5o 1:6v 1:1n 1:3t 1:3 1:s 1:5p 1:60 1:13n 1:uy 1:5r 1:6u 1:5s ' +
  '1:13o 1:21 1:13p 1:2 1:62 1:6m 1:65 1:5t 1:m 1:6f 1:6c 1:5v 1:63 1:5w 1:3k 1:6n 1:64 1:5x 1:13q 1:72 1:73 ' +
  '1:13r 1:yu 1:xt 1:xt 1:ny 1:ny 1:11w 1:y0 3:4h 1:4h 1:13s 1:3q 3:wa 1:13t 3:21 1:40 1:t5 1:t5 3:bw 1:bw 1:21 ' +
  '1:40 1:5t 1:m 1:n2 1:13u 1:6b 1:6b 9:6b 1:5z 3:64 1:64 3:13v 4:wa 1:13w g:z6 1k:1n 6:5q 1:74 1:5m 1:xk 7:g ' +
  '7:yd 1:5u 6:3 2:26 3:2 1:wk 4:y6 4:5x 3:n4 3:13x 3p:13y 2:5a 3:13z 1:140 1:141 7:142 1:143 z:144 4:135 1:145 ' +
  '7:y3 1:y4 1:146 1:147 1:148 1:149 1:14a 2:14b 2:4k 1:5j 1:94 3:14c 4:5z 4:w0 2:14d 1:n3 1u:14e 1:14f 2:14g ' +
  '4:14h 2:14i 3:14j 1:14k 1:14l 2:14m 1:14n 1:14o 2:14p 1:14q 1:14r 1:14s 2:14t 3:14u 1:14v 1:14w 1:14x 1:14y ' +
  '1:14z 1:150 2:151 2:152 3:153 2:154 2:155 2:156 1:153 7:157 1:158 4:159 1:159 1:159 1:15a 1:15b 1:15c 1:15d ' +
  '1:15e 3:15f 1:15g 2:15h 1:15i 1:15i 2:15j 1:15k 1:15l 1:15m 1:15n 1:15o 2:15j 2:15p 1:15q 1:15r 1:15s 1:15t ' +
  '1:15u 2:15v 1:15w 2:15x 2:15y 1:15z 3:160 1:161 2:162 1:163 1:164 1:165 1:166 1:167 2:168 1:169 d:ju 1:jw 1:xm ' +
  '1:t5 1:16a 1:16b 1:16c 1:16d 1:16e 1:16f 1:16g 1:16h 1:16i 1:16j 1:16k 1:16l 1:16m 1:16n 1:16o 1:16p 1:16q ' +
  '1:16r 1:16s 1:16t 1:16u 1:16v 1:16w 1:16x 1:16y 1:16z 1:16z 1:170 1:170 1:171 1:172 1:173 1:174 1:175 1:176 ' +
  '1:177 1:178 1:179 1:14l 1:17a 1:17b 1:17c 1:17d 1:17e 1:17f 1:17g 1:17h 1:14n 1:17i 1:17j 1:17k 1:17l 1:17m ' +
  '1:17n 1:17o 1:17p 1:17q 1:17r 1:17s 1:17t 1:17u 1:17v 1:17w 1:17x 1:17y 1:17z 1:180 1:181 1:182 1:183 1:184 ' +
  '1:185 1:186 1:187 1:188 1:189 1:18a 1:18b 1:18c 1:18d 1:18e 1:18f 1:18g 1:18h 1:18i 1:18j 1:18k 1:18l 1:18m ' +
  '1:18n 1:18o 1:18p 1:18q 1:18r 1:18s 1:18t 1:18u 1:18v 1:18w 1:18x 1:18y 1:18z 1:190 1:191 1:192 1:193 1:194 ' +
  '1:195 1:196 1:197 1:198 1:199 1:19a 1:19b 1:19c 1:19d 1:19e 1:19f 1:19g 1:19h 1:19i 1:19j 1:19k 1:19l 1:19m ' +
  '1:19n 1:19o 1:19p 1:19q 1:19r 1:19s 1:19t 1:19u 1:19v 1:19w 1:19x 1:19y 1:19z 1:1a0 1:1a1 1:1a2 1:1a3 1:1a4 ' +
  '1:1a5 1:1a6 1:1a7 1:1a8 1:1a9 1:1aa 1:1ab 1:1ac 1:1ad 1:1ae 1:1af 1:1ag 1:1ah 1:1ai 1:1aj 1:1ak 1:1al 1:1am ' +
  '1:1an 1:1ao 1:15l 1:1ap 1:1aq 1:1ar 1:1as 1:1at 1:1au 1:1av 1:1aw 1:1ax 1:1ay 1:1az 1:1b0 1:1b1 1:1b2 1:1b3 ' +
  '1:15u 1:1b4 1:1b5 1:1b6 1:1b7 1:1b8 1:1b9 1:1ba 1:1bb 1:1bc 1:15y 1:1bd 1:1be 1:1bf 1:1bg 1:1bh 1:1bi 1:1bj ' +
  '1:1bk 1:1bl 1:1bm 1:1bn 1:1bo 1:1bp 1:1bq 1:1br 1:1bs 1:1bt 1:1bu 1:1bv 1:1bw 19:1bx 1:0 4:2 1:yg 1:yh 9:1by ' +
  '2:123 1:124 5:1bz 1:1c0 h:1c1 1:gv 6:t5 3:1by 2:16t 1:1c2 1:1c3 l:yg 23:5a 1:1c4 1:1c5 4:n3 4:14g 4:17e 3:16o ' +
  'k:173 9:16u 3:16c 3:t5 1:16h 9:1c6 l:16z e:5j 17:16f b:l9 1:hl 1:la 1:lb 1:jh 1:ji 1:lc 1:hm 1:ld 1:le 1:lf ' +
  '1:lg 1:lh 1:li 1:lj 1:hx 1:lk 1:ll 1:hn 1:i4 1:lm 1:ho 1:ln 1:lo 1:hp 1:lp 1:lq 1:lr 1:ls 1:lt 1:1c7 1:jk ' +
  '1:1c8 1:jl 1:1c9 1:jm 1:1ca 1:jn 1:1cb 1:jo 1:jp 1:jq 1:1cc 1:1cd 1:jr 1:js 1:jt 1:1ce 1:ju 1:jv 1:jw 1:1cf ' +
  '1:hr 1:hs 1:jg 1:lw 1:ly 1:lz 1:m3 1:m7 1:m9 1:hz 1:mc 1:me 1:i0 1:i1 1:i3 1:i5 1:i6 1:ia 1:ic 1:ie 1:if 1:ig ' +
  '1:ih 1:ii 1:il 1:ip 1:mj 1:j2 1:mm 1:j0 1:j1 1:jd 1:je 1:mr 1:kb 1:kc 1:ke 1:kn 1:ko 1:kq 1:1cg 1:l2 1u:ju ' +
  '1:jw 2:t5 1:xm 2:14e 4:16b 1:yg 4:14f 1:16a w:1ch 1:1ci 1:1cj 1:1ck 1:1cl 1:1cm 1:1cn 1:1co 1:1cp 1:1cq 1:1cr ' +
  '1:1cs 1:1ct 1:1cu 1:1cv 1:1cw 1:1cx 1:1cy 1:1cz 1:1d0 1:1d1 1:1d2 1:1d3 1:1d4 1:1d5 1:1d6 1:1d7 1:1d8 1:1d9 ' +
  '1:1da 1:1db 2:1dc 1:1dd 1:1de 1:1df 1:1dg 1:1dh 1:1di 1:1dj 1:1dk 1:1dl 1:1dm 1:1dn 1:1do 1:1dp 1:1dq 1:1dr ' +
  '1:1ds 1:1dt 1:1du 1:1dv 1:1dw 1:1dx 1:1dy 1:1dz 1:1e0 1:1e1 1:1e2 1:1e3 1:1e4 1:1e5 1:1e6 1:1e7 1:1e8 1:1e9 ' +
  '1:1ea 1:1eb 3h:1ec 1:1ed 1:1ee 1:1ef 1:1eg 1:1eh 1:1ei 1:1ej 1:1ek 1:1el 1:1em 1:1en 3x:1eo 1:1ep 1:1eq 1:1er ' +
  '1:1es 1:1et 1:1eu 1:1ev 1:1ew 1:1ex 1:1ey 1:1ez 1:1f0 1:1f1 1:1f2 1:1f3 1:1f4 1:1f5 1:1f6 1:1f7 1:1f8 1:1f9 ' +
  '1:1fa 1:1fb 1:1fc 34:1fd 1:1fe 1:1ff 1:1fg 1:1fh 1:1fi 1:1fj 1:1fk 1:1fl 1:1fm 1:1fn 1:1fo 1:1fp 1:1fq 1:1fr ' +
  '1:1fs 1:1ft 1:1fu 1:1fv 1:1fw 1:1fx 1:1fy 1:1fz 1:1g0 1:1g1 1:1g2 1:1g3 1:1g4 1:1g5 1:1g6 1:1g7 14l:1g8 ' +
  '1yg:1g9 3p:1ga hh:1gb 1gr:ju l:1gc 6:1gd r:xm 9:t5 27:1ge 1o:1gf 8o:1gg 1m:1gh 7q:1gi el:1gj 4p:1gk 9j:1gl ' +
  'ag:16z b8:1gm 3k:170 k:1gn e9:1go mq:1gp u:1gq ko:1gr 74:17s cx:1gs gq:1gt 6:1gu 3x:1gv 1c:1gw 61:1gx dm:1gy ' +
  '1q:1gz 10y:1h0 km:18j 174:1h1 10n:1h2 mo:1h3 10:1h4 6:1h5 12:1h6 b:1h7 12:1h8 q:1h9 2u:1ha pk:1hb 76:1hc ' +
  'rh:1hd 2n:1he 7m:1hf 5w:1hg 83:1hh 38:1hi 4h:1hj 3w:1hk c7:1hl k0:1hm cp:15l 8x:1hn 1hn:1ho 3z:1bl 6p:1hp ' +
  'y9:1hq 8:1hr 2:1hs 9:1ht 1:1hu 4:1hv 4:1hw a:1hx 4:1hy 1:1hz 1:1i0 2:1i1 e:5l 1:5t 1:81 1:mz 1:5v 2:83 1:5p ' +
  '2:5i 1:6f 1:6g 1:5n 1:67 1:sa 1:5r 1:5s 1:n2 1:6j 1:1s 2:5q 1:74 1:5o 3:87 1:5x 1:5w 1:1i2 1:5k 1:sc 1:5m 1:xk ' +
  '1:3 1:2 1:8c 1:mx 2:1i3 1:93 1:b 1:vr 1:1i4 2:4g 1:1i5 1:n3 7j:93 1i:1t 1:6a 2:s 6:yu 3:1i6 1:1i7 n:y6 7:1i8 ' +
  'd:4r 2:4i n:3l 3:1i9 1:xn 1:y5 7:5d f:1ia 1:5b s:1ib 1:5q d:6m 4:74 c:34 4:1t 1:4u 1:4q 3:1ic w:1id 2:4p i:1ie ' +
  '1:1if 8:24 1:1ig 1:1ih 1:1ii 1:1ij 1:1ik 1:1il 1:1im 1:1in 1:1im 1:1in 1:1io 1:1ip 3:7i a:1n 1:3t 3:1i9 1:xn ' +
  'b:1t 7:1iq 9:21 1:40 3:bw 9:1ir 1:1is 2:1it f:4g 3:4 3:5j 6:1iu 3:67 1:17 1:1iv 1:1iw 2:1ix 1:1iy 1:3y c:21 ' +
  '6:y7 1:5i 1:5x 1:5l 1:5y 1:13r 1:yu o:41 3:1iz 2:1j0 2:5y 4:5q 1:13n 1:1j1 l:4n 6:ju 1l:1j2 8g:1j3 1:1j4 1:1j5 ' +
  '1:1j6 1:le 1:1j7 1:lz 1:1j8 1:lf 1:lg 1:1j9 1:m5 1:lh 1:1ja 1:m8 1:ma 1:1jb 1:mc 1:1jc 1:1jd 1:mi 1:1je 1:1jf ' +
  '1:1jg 1:1jh 1:1ji 1:1jj 1:1jk 1:1jl m:1jm h:1jn z:1jo 9:a1 3o:1jp 3:1jq 64:6s 3:17 8:62 1:l 1:1jr 2:1js 1:1jt ' +
  '5:6r 1:6r 5:xo 1:3y 4:3y 1:13q 2:13q 5:3k 6:1ju 2:1jv 1:1jw d:1jx 1:1jy 1:63 2:1jz 1:s 5:1k0 1:1k1 1:1k2 2:1k3 ' +
  '2:1k4 1:6r 2:3q 4:6u 4:6v 3:3t 2:84 3:ux 8:3i 1:ve 3:6y 3:1jy 7:61 1:24 4:13u 1:6c 3:uz 4:60 5:3t 8ol:1k5 ' +
  '1:1k6 1:1k7 1:1k8 1:1k9 1:1ka 1:1kb 1:1kc 1:1kd 1:1ke 1:1kf 1:1kg 1:1kh 1:1ki 1:1kj 1:1kk 1:1kl 1:1km 1:1kn ' +
  '1:1ko 1:1kp 1:1kq 1:1kr 5:1ks 1:1kt 1:hm 1:1ku 1:1j4 1:1j5 1:1kv 1:1j6 1:1kw 1:1kx 1:1j7 1:1ky 1:1kz 1:1l0 ' +
  '1:1l1 1:1l2 1:1l3 1:1l4 1:hy 1:1l5 1:1l6 1:1l7 1:1l8 1:1l9 1:i3 1:1la 1:1lb 1:hn 1:i6 1:ia 1:ib 1:ik 1:1lc ' +
  '1:1ld 1:1le 1:1lf 1:ip 1:iq 1:is 1:hx 1:1lg 1:1lh 1:1li 1:1lj 1:1lk 1:1ll 1:hp 1:1lm 1:1ln 6it:1lo 1:1lp 1:1ag ' +
  '1:1lq 1:1lr 1:1ls 1:1lt 1:1bv 1:1bv 1:1lu 1:1ao 1:1lv 1:1lw 1:1lx 1:1ly 1:1lz 1:1m0 1:1m1 1:1m2 1:1m3 1:1m4 ' +
  '1:1m5 1:1m6 1:1m7 1:1m8 1:1m9 1:1ma 1:1mb 1:1mc 1:1md 1:1me 1:1mf 1:1mg 1:1mh 1:1mi 1:1mj 1:1mk 1:1ml 1:1mm ' +
  '1:1mn 1:1mo 1:1mp 1:1mq 1:1mr 1:1hl 1:1ms 1:1mt 1:1mu 1:1mv 1:1mw 1:1mx 1:1my 1:19i 1:1mz 1:1n0 1:1n1 1:1n2 ' +
  '1:1n3 1:1n4 1:1n5 1:1n6 1:1n7 1:1n8 1:1n9 1:1bg 1:1na 1:1nb 1:1nc 1:1nd 1:1ne 1:1nf 1:1ng 1:1nh 1:1ni 1:1nj ' +
  '1:1nk 1:1nl 1:1nm 1:1nn 1:1no 1:1np 1:1nq 1:1nr 1:1ns 1:1nt 1:1nu 1:1nv 1:1nw 1:1nx 1:1ny 1:1nz 1:1o0 1:1m4 ' +
  '1:1o1 1:1o2 1:1o3 1:1o4 1:1o5 1:1o6 1:1o7 1:1o8 1:1o9 1:1oa 1:1ob 1:1oc 1:1od 1:1oe 1:1of 1:1og 1:1oh 1:1oi ' +
  '1:1oj 1:1ok 1:1ai 1:1ol 1:1om 1:1on 1:1oo 1:1op 1:1oq 1:1or 1:1os 1:1ot 1:1ou 1:1ov 1:1ow 1:1ox 1:1oy 1:1oz ' +
  '1:175 1:1p0 1:1p1 1:1p2 1:1p3 1:1p4 1:1p5 1:1p6 1:1p7 1:16o 1:1p8 1:1p9 1:1pa 1:1pb 1:1pc 1:1pd 1:1pe 1:1pf ' +
  '1:1pg 1:1ph 1:1pi 1:1pj 1:1pk 1:1pl 1:1pm 1:1pn 1:1po 1:1pp 1:1pq 1:1pr 1:1ps 1:1pt 1:1oj 1:1pu 1:1pv 1:1pw ' +
  '1:1px 1:1py 1:1pz 1:1q0 1:1q1 1:1o3 1:1q2 1:1q3 1:1q4 1:1q5 1:1q6 1:1q7 1:1q8 1:1q9 1:1qa 1:1qb 1:1qc 1:1qd ' +
  '1:1qe 1:1hn 1:1qf 1:1qg 1:1qh 1:1qi 1:1qj 1:1qk 1:1m4 1:1ql 1:1qm 1:1qn 1:1qo 1:1bu 1:1qp 1:1qq 1:1qr 1:1qs ' +
  '1:1qt 1:1qu 1:1qv 1:1qw 1:1qx 1:1qy 1:1qz 1:1r0 1:1r1 1:1r2 1:1r3 1:1r4 1:1r5 1:1r6 1:1r7 1:1r8 1:1r9 1:1ra ' +
  '1:1o5 1:1rb 1:1rc 1:1rd 1:1re 1:1rf 1:1rg 1:1rh 1:1ri 1:1rj 1:1rk 1:1rl 1:1rm 1:1rn 1:1an 1:1ro 1:1rp 1:1rq ' +
  '1:1rr 1:1rs 1:1rt 1:1ru 1:1rv 1:1rw 1:1rx 1:1ry 1:1rz 1:1s0 1:19a 1:1s1 1:1s2 1:1s3 1:1s4 1:1s5 1:1s6 1:1s7 ' +
  '1:1s8 1:1s9 1:1sa 1:1sb 1:1sc 1:1sd 1:1se 1:1sf 1:1sg 1:1a1 1:1sh 1:1a4 1:1si 1:14j 1:1sj 3:1sk 2:1sl 3:1sm ' +
  '1:1sn 1:1so 1:1sp 1:1sq 1:1sr 1:1ss 1:1st 1:1su 1:19h 2:1sv 2:1sw 3:1sx 1:1sy 4:1sz 1:1t0 1:1t1 1:1t2 1:1hl ' +
  '1:1hn 1:1t3 1:1t4 1:1t5 1:1t6 1:1t7 1:1t8 1:1t9 1:1ta 1:1tb 1:1tc 1:1td 1:1te 1:17b 1:1tf 1:1tg 1:1th 1:1ti ' +
  '1:1tj 1:1tk 1:1tl 1:1tm 1:1tn 1:1to 1:1tp 1:1tq 1:150 1:1tr 1:1ts 1:1tt 1:1tu 1:1tv 1:1tw 1:1tx 1:1ty 1:1tz ' +
  '1:1u0 1:1u1 1:1u2 1:1u3 1:1pj 1:1u4 1:1u5 1:1u6 1:1u7 1:1u8 1:159 1:159 1:1u9 1:1ua 1:1ub 1:1uc 1:1ud 1:1ue ' +
  '1:1uf 1:15i 1:1sx 1:1ug 1:1uh 1:1ui 1:1uj 1:1uk 1:1ul 3:1um 1:1un 1:1uo 1:1up 1:1uq 1:1ur 1:1us 1:1ut 1:1t9 ' +
  '1:1uu 1:1uv 1:1uw 1:1sk 1:1ux 1:1uy 1:1uz 1:1v0 1:1v1 1:1v2 1:1v3 1:1v4 1:1v5 1:1v6 1:1v7 1:1v8 1:1th 1:1v9 ' +
  '1:1ti 1:1va 1:1vb 1:1vc 1:1vd 1:1ve 1:1sl 1:1mp 1:1vf 1:1vg 1:187 1:1ok 1:1qu 1:1vh 1:1vi 1:1tp 1:1vj 1:1tq ' +
  '1:1vk 1:1vl 1:1vm 1:1sn 1:1vn 1:1vo 1:1vp 1:1vq 1:1vr 1:1so 1:1vs 1:1vt 1:1vu 1:1vv 1:1vw 1:1vx 1:1u3 1:1vy ' +
  '1:1vz 1:1pj 1:1w0 1:1u7 1:1w1 1:1w2 1:1w3 1:1w4 1:1w5 1:1ub 1:1w6 1:1sw 1:1w7 1:1uc 1:1o1 1:1w8 1:1ud 1:1w9 ' +
  '1:1uf 1:1wa 1:1wb 1:1wc 1:1wd 1:1we 1:1ug 1:1st 1:1wf 1:1uh 1:1wg 1:1ui 1:1wh 1:1bv 1:1wi 1:1wj 1:1wk 1:1wl ' +
  '1:1wm 1:1hp 1:1wn 1:1wo 1:1wp 1:1wq 1:1wr 13:1ws 1:1wt 1:1wu 1:1wv 1:1ww 2:1wx d:1wy 1:1wz 1:1x0 1:1x1 1:1x2 ' +
  '9:1x3 1:wn 1:wq 1:1x4 1:1x5 1:1x6 1:1x7 1:1x8 1:1x9 1:xt 2:1xa 2:1xb 2:1xc 1:1xc 9:1xd g:1xa 6:1xe 1:1xf 1:1xf ' +
  '1:9y 1:9y 1:9y 1:9y 1:8u 1:8u 1:8u 1:8u 1:1xg 1:1xg 1:1xg 1:1xg 1:99 1:99 1:99 1:99 1:1xh 1:1xh 1:1xh 1:1xh ' +
  '1:98 1:98 1:98 1:98 1:9k 1:9k 1:9k 1:9k 1:1xi 1:1xi 1:1xi 1:1xi 1:1xj 1:1xj 1:1xj 1:1xj 1:1xk 1:1xk 1:1xk ' +
  '1:1xk 1:1xl 1:1xl 1:1xl 1:1xl 1:1xm 1:1xm 1:1xm 1:1xm 1:1xn 1:1xn 1:1xo 1:1xo 1:9e 1:9e 1:9c 1:9c 1:9h 1:9h ' +
  '1:9f 1:9f 1:9m 1:9m 1:9m 1:9m 1:ar 1:ar 1:ar 1:ar 1:1xp 1:1xp 1:1xp 1:1xp 1:1xq 1:1xq 1:1xq 1:1xq 1:8x 1:8x ' +
  '1:98 1:98 1:98 1:98 1:9r 1:9r 1:62 1:62 1:62 1:62 1:62 1:62 1:62 1:62 1:8x 1:8x 1:1xr 1:1xr y:9n 1:9n 1:9n ' +
  '1:9n 1:9t 1:9t 1:9s 1:9s 1:9u 1:9u 1:97 1:9w 1:9w 1:1xs 1:1xs 1:9v 1:9v 1:9y 1:9y 1:9y 1:9y 1:8x 1:8x 1:1xt ' +
  '1:1xt 1:1xu 1:1xu 1:1xv 1:1xv 1:1xw 1:1xw 1:1xx 1:1xx 1:1xy 1:1xy 1:1xz 1:1xz 1:1xz 1:1y0 1:1y0 1:1y0 1:8x ' +
  '1:8x 1:8x 1:8x 1:1y1 1:1y2 1:1y3 1:1y0 1:1y0 1:1y4 1:1y5 1:1y6 1:1y7 1:1y8 1:1y8 1:1y9 1:1ya 1:1yb 1:1yc 1:1yd ' +
  '1:1yd 1:1ye 1:1yf 1:1yg 1:1yg 1:1yh 1:1yi 1:1yj 1:1yk 1:1yl 1:1ym 1:1yn 1:1yo 1:1yp 1:1yq 1:1yr 1:1ys 1:1yt ' +
  '1:1yu 1:1yv 1:1yw 1:1yx 1:1yy 1:1yz 1:1z0 1:1z1 1:1z2 1:1z3 1:1z4 1:1z5 1:1z6 1:1z7 1:1z8 1:1z9 1:1z9 1:1za ' +
  '1:1zb 1:1zc 1:1zc 1:1zd 1:1ze 1:1zf 1:1zg 1:1zh 1:1zi 1:1zj 1:1zj 1:1zk 1:1zl 1:1zm 1:1zn 1:1zo 1:1zo 1:1zp ' +
  '1:1zq 1:1zr 1:1zs 1:1zt 1:1zt 1:1y6 1:1zu 1:1zv 1:1zw 1:1zx 1:1zx 1:1zy 1:1zz 1:200 1:200 1:201 1:202 1:203 ' +
  '1:204 1:205 1:205 1:206 1:207 1:208 1:209 1:20a 1:20b 1:20c 1:20d 1:20e 1:20f 1:20g 1:1y3 1:20h 1:1y0 1:1y0 ' +
  '1:20i 1:20j 1:1y7 1:20k 1:1y8 1:1y8 1:20l 1:20m 1:1yc 1:20n 1:1yd 1:1yd 1:20o 1:20p 1:1yf 1:20q 1:1yg 1:1yg ' +
  '1:1z9 1:1z9 1:1zc 1:1zc 1:1zd 1:1zh 1:1zi 1:1zj 1:1zj 1:1zn 1:1zo 1:1zo 1:20r 1:1zs 1:20s 1:20t 1:1zw 1:20u ' +
  '1:1zx 1:1zx 1:208 1:20v 1:20w 1:204 1:20x 1:205 1:205 1:1y1 1:1y2 1:20y 1:1y3 1:1xu 1:1y4 1:1y5 1:1y6 1:1y7 ' +
  '1:20z 1:1y9 1:1ya 1:1yb 1:1yc 1:210 1:1yf 1:1yh 1:1yi 1:1yj 1:1yk 1:1yl 1:1yn 1:1yo 1:1yp 1:1yq 1:1yr 1:1ys ' +
  '1:211 1:1yt 1:1yu 1:1yv 1:1yw 1:1yx 1:1yy 1:1z0 1:1z1 1:1z2 1:1z3 1:1z4 1:1z5 1:1z6 1:1z7 1:1z8 1:1za 1:1zb ' +
  '1:1ze 1:1zf 1:1zg 1:1zh 1:1zi 1:1zk 1:1zl 1:1zm 1:1zn 1:212 1:1zp 1:1zq 1:1zr 1:1zs 1:1y6 1:1zu 1:1zv 1:1zw ' +
  '1:213 1:1zy 1:1zz 1:214 1:201 1:202 1:203 1:204 1:215 1:1y3 1:1xu 1:1y7 1:20z 1:1yc 1:210 1:1yf 1:216 1:1yr ' +
  '1:217 1:218 1:219 1:1zh 1:1zi 1:1zn 1:1zw 1:213 1:204 1:215 1:21a 1:21b 1:21c 1:21d 1:21d 1:21e 1:21e 1:21f ' +
  '1:21f 1:21g 1:21g 1:21h 1:21h 1:21i 1:21i 1:21j 1:21j 1:21k 1:21k 1:21l 1:21l 1:21m 1:21m 1:21n 1:21o 1:21p ' +
  '1:218 1:21q 1:21r 1:21s 1:21t 1:21d 1:21d 1:21e 1:21e 1:21f 1:21f 1:21g 1:21g 1:21h 1:21h 1:21i 1:21i 1:21j ' +
  '1:21j 1:21k 1:21k 1:21l 1:21l 1:21m 1:21m 1:21n 1:21o 1:21p 1:218 1:21q 1:21r 1:21s 1:21t 1:21n 1:21o 1:21p ' +
  '1:218 1:217 1:219 1:1yz 1:1yo 1:1yp 1:1yq 1:21n 1:21o 1:21p 1:1yz 1:1z0 1:21u 1:21u 1:123 1:124 h:21v 1:21w ' +
  '1:21w 1:21x 1:21y 1:21z 1:220 1:221 1:222 1:222 1:223 1:223 1:224 1:225 1:226 1:227 1:227 1:228 1:229 1:229 ' +
  '1:22a 1:22a 1:22b 1:22c 1:22c 1:22d 1:22e 1:22e 1:22f 1:22f 1:22g 1:22h 1:22h 1:22i 1:22i 1:22j 1:22k 1:22l ' +
  '1:22m 1:22m 1:22n 1:22o 1:22p 1:22p 1:22q 1:22q 1:22r 1:22s 1:22t 1:22u 1:22u 1:22v 1:22v 1:22w 1:22w 1:22x ' +
  '1:22x 1:22y 1:22z 1:230 1:231 1:232 1:233 1:234 3:235 1:236 1:237 1:238 1:239 1:23a 1:23a 1:23b 1:23c 1:23c ' +
  '1:23d 1:23d 1:23e 1:23f 1:23f 1:23g 1:23g 1:23h 1:23h 1:23i 1:23j 1:23i 1:23k 1:23l 1:23m 1:22g 1:23n 1:23o ' +
  '1:23p 1:23q 1:23r 1:23s 1:23t 1:239 1:22r 1:22t 1:22n 1:23u 1:23v 1:23w 1:23x 1:23y 1:23x 1:23v 1:23j 1:23z ' +
  '1:240 1:241 1:242 1:23y 1:22l 1:22b 1:23k 1:23b 15:243 1:244 1:245 1:246 1:247 1:248 1:249 1:24a 1:24b 1:243 ' +
  '1:24c 1:24d 1:wb t:vz n:4g 1:11f 3:24e 1:24f 1:24g 1:24h 1:24i 1:24j 1:24k f:9 1:9 1:9 1:9 1:aj 1:aj 1:aj 9:4h ' +
  'g:xm o:24l 1:24m 1:24m 1:8q 1:8q 1:8r 1:8r 1:8s 1:8s 1:8t 1:8t 1:8t 1:8t 1:3 1:3 1:24n 1:24n 1:24n 1:24n 1:k ' +
  '1:k 1:99 1:99 1:99 1:99 1:8u 1:8u 1:8u 1:8u 1:24o 1:24o 1:24o 1:24o 1:24p 1:24p 1:24p 1:24p 1:24q 1:24q 1:24q ' +
  '1:24q 1:24r 1:24r 1:24s 1:24s 1:24t 1:24t 1:24u 1:24u 1:24v 1:24v 1:24v 1:24v 1:8v 1:8v 1:8v 1:8v 1:24w 1:24w ' +
  '1:24w 1:24w 1:24x 1:24x 1:24x 1:24x 1:24y 1:24y 1:24y 1:24y 1:24z 1:24z 1:24z 1:24z 1:8p 1:8p 1:8p 1:8p 1:250 ' +
  '1:250 1:250 1:250 1:9l 1:9l 1:9l 1:9l 1:251 1:251 1:251 1:251 1:9m 1:9m 1:9m 1:9m 1:252 1:252 1:252 1:252 ' +
  '1:253 1:253 1:253 1:253 1:254 1:254 1:254 1:254 1:62 1:62 1:62 1:62 1:as 1:as 1:8x 1:8x 1:8x 1:8x 1:8x 1:8x ' +
  '1:255 1:255 1:256 1:256 1:257 1:257 1:258 1:258 5:26 1:0 5:4 6:ju d:4g 7:5k 1:5l 1:6f 2:5m 3:5o 1:3 1:5i 1:5p ' +
  '2:5r 1:5s 1:2 1:5t 3:6j 1:5v 4:5x 1:5w 1:5n 1:123 1:xm 1:124 1:259 2:4 1:3c 2:6c 2:6s 2:1f 1:7p 1:s 1:6d 2:3 ' +
  '3:62 1:m 3:24 3:61 2:f 1:3k 3:11f 2:25a 7:5j 3i:9 5:3 5:25b 7o:5j 3x:25c 8:25d 1:25e 1:25f 1:25g 7:wa 6a:5l ' +
  '3:n4 1:5m 1:67 3:3 3:5q 3:5x 2:2 2:y9 1:5t 1:6j 1:5v 4:t3 5:5k 1:5l 1:6f 1:n4 2:67 6:2 2:25h 3:5r 1:5v 1:5w ' +
  '1:6n 1:5x 1:72 1:sl 2:25i n:5o i:24r 3:as 4:24y a:24w 3:5n c:5l 1:6f 7:3 8:5r 1:25h 3:5v 2:5x 3:2y 5:95 1:3 ' +
  '2:5x 4v:25j 2:25k 1a:85 3:2 d:wt 4:6f 6:n2 4:25l 1:6j 3:6g 2:5d 4:3i 1:1ix 2:62 h:6c 2:25m 3:25n 1:13u 5:24 ' +
  '3:5f 2:5e 2b:25o g:5q 4:1s 8:25p 6:2 1:y6 1:6e 9:25q 1:8c 2:25r 1:72 1:25s 6:uy 3:13n f:62 1:25t b:3y 3:73 ' +
  'q:5s 3:2 2:5p 4:6f 1:74 8:67 1:n2 1:5x 103:8l m:93 7:25u ir:25v 2:25w cq:254 1:1xg 9:yl dn:cy 7g:cy 3:8l 1:25x ' +
  'g:25y 1:25z 2:260 82:5a 7n:261 6:262 b:263 6:264 3:265 2:266 t:267 1y:268 2:269 2:26a 2:26b 1:26c 2:26d 2:26e ' +
  '1:26f 1:26g 1:26h 1:26i 1:26j 1:26k 4:26l 1:26m 1:26n 1:26o 1:bx 2:26p 1:26q 2:26r 1:bk 8:26s 3:26t 1:26u ' +
  '1:26v 1:4t 2:by 1:26w 1:8l 1:26x 1:26y b:62 1:26z 1:270 4:271 76:272 1:272 1:273 1:274 1:275 1:276 2t:277 5a:5 ' +
  '6:61 4:3q 4:3q 1:3q b5:74 2:67 1:n2 1:5w 2:5m 2:278 1:5n 3:bw 2:5m 1:n1 3:n2 3:2 2:y9 1:8c 3:23 1:5v 4:61 1:24 ' +
  '1:67 1:s 1:ux 2:25s 2:62 2:21 2:bw 2:3i 7:6b 1:bw 1:62 1:3y 4:3k 4:2 3:5 1:a5 1:5n 1:87 3:6f 3:5x 3:87 3:6f ' +
  'dw:279 1:27a 1:27b 1:27c 1:27d 2:27e 1:27f 1:27g 6:27h 1:27i 1:27j 1:27k 1:27l 2w:25x 6:4r 64:27m 34:27n 87:4g ' +
  '1:3 6:2 1:3 gn:27o 3pd:11v bsd:6m 4:3 c:1b b:65 g:6y 1i:6k 1:74 2:5v c:n2 4:n4 2:27p a:wt 2:3 5:85 8:1s 5:6j ' +
  '1:21 2:5q 2:4e 1:5k 2:8c 1:5w e:4 1:4 4g:16f ick:5k 1:5l 1:6f 1:mz 1:5m 1:67 1:83 1:5o 1:3 1:5i 1:5p 1:n2 1:5r ' +
  '1:5s 1:2 1:5t 1:wk 1:1s 1:6j 1:5v 1:8c 1:74 1:87 1:5x 1:5w 1:5n 1:2 1:3 1:1t 1:21 1:n1 1:23 1:6b 1:25s 1:2y ' +
  '1:bw 2:27q dw:w0 f9:125 2h:93 45:27r 4:21 5:5d 2:74 2:xm 3:25s 1:67 1:11q 1:wt 1:1s 1:sc 3:1n 1:27s 1:y7 5:85 ' +
  '1:n0 8:n2 1:wt 5:sb 6:4d 1:4e 1:27t 1:27u 1:t5 1:xm 4:27v 6:mx cb:5k 1:5l 1:6f 1:mz 1:5m 1:67 1:83 1:5o 1:3 ' +
  '1:5i 1:5p 1:n2 1:5r 1:5s 1:2 1:5t 1:wk 1:1s 1:6j 1:5v 1:8c 1:74 1:87 1:5x 1:5w 1:5n 1:3c 1:1b 1:6c 1:81 1:6s ' +
  '1:17 1:1f 1:7p 1:s 1:6d 1:27w 1:3 1:5 1:8e 1:62 1:m 1:86 1:6r 1:24 1:27x 1:3y 1:61 1:3q 1:f 1:3k 1:ux 1:5k ' +
  '1:5l 1:6f 1:mz 1:5m 1:67 1:83 1:5o 1:3 1:5i 1:5p 1:n2 1:5r 1:5s 1:2 1:5t 1:wk 1:1s 1:6j 1:5v 1:8c 1:74 1:87 ' +
  '1:5x 1:5w 1:5n 1:3c 1:1b 1:6c 1:81 1:6s 1:17 1:1f 2:s 1:6d 1:27w 1:3 1:5 1:8e 1:62 1:m 1:86 1:6r 1:24 1:27x ' +
  '1:3y 1:61 1:3q 1:f 1:3k 1:ux 1:5k 1:5l 1:6f 1:mz 1:5m 1:67 1:83 1:5o 1:3 1:5i 1:5p 1:n2 1:5r 1:5s 1:2 1:5t ' +
  '1:wk 1:1s 1:6j 1:5v 1:8c 1:74 1:87 1:5x 1:5w 1:5n 1:3c 1:1b 1:6c 1:81 1:6s 1:17 1:1f 1:7p 1:s 1:6d 1:27w 1:3 ' +
  '1:5 1:8e 1:62 1:m 1:86 1:6r 1:24 1:27x 1:3y 1:61 1:3q 1:f 1:3k 1:ux 1:5k 2:6f 1:mz 3:83 3:5i 1:5p 3:5s 1:2 ' +
  '1:5t 1:wk 2:6j 1:5v 1:8c 1:74 1:87 1:5x 1:5w 1:5n 1:3c 1:1b 1:6c 1:81 2:17 2:7p 1:s 1:6d 1:27w 1:3 1:5 1:8e ' +
  '2:m 1:86 1:6r 1:24 1:27x 1:3y 1:61 1:3q 1:f 1:3k 1:ux 1:5k 1:5l 1:6f 1:mz 1:5m 1:67 1:83 1:5o 1:3 1:5i 1:5p ' +
  '1:n2 1:5r 1:5s 1:2 1:5t 1:wk 1:1s 1:6j 1:5v 1:8c 1:74 1:87 1:5x 1:5w 1:5n 1:3c 1:1b 1:6c 1:81 1:6s 1:17 1:1f ' +
  '1:7p 1:s 1:6d 1:27w 1:3 1:5 1:8e 1:62 1:m 1:86 1:6r 1:24 1:27x 1:3y 1:61 1:3q 1:f 1:3k 1:ux 1:5k 1:5l 2:mz ' +
  '1:5m 1:67 1:83 3:5i 1:5p 1:n2 1:5r 1:5s 1:2 1:5t 1:wk 2:6j 1:5v 1:8c 1:74 1:87 1:5x 1:5w 2:3c 1:1b 1:6c 1:81 ' +
  '1:6s 1:17 1:1f 1:7p 1:s 1:6d 1:27w 1:3 1:5 1:8e 1:62 1:m 1:86 1:6r 1:24 1:27x 1:3y 1:61 1:3q 1:f 1:3k 1:ux ' +
  '1:5k 1:5l 2:mz 1:5m 1:67 1:83 2:3 1:5i 1:5p 1:n2 1:5r 2:2 4:6j 1:5v 1:8c 1:74 1:87 1:5x 1:5w 2:3c 1:1b 1:6c ' +
  '1:81 1:6s 1:17 1:1f 1:7p 1:s 1:6d 1:27w 1:3 1:5 1:8e 1:62 1:m 1:86 1:6r 1:24 1:27x 1:3y 1:61 1:3q 1:f 1:3k ' +
  '1:ux 1:5k 1:5l 1:6f 1:mz 1:5m 1:67 1:83 1:5o 1:3 1:5i 1:5p 1:n2 1:5r 1:5s 1:2 1:5t 1:wk 1:1s 1:6j 1:5v 1:8c ' +
  '1:74 1:87 1:5x 1:5w 1:5n 1:3c 1:1b 1:6c 1:81 1:6s 1:17 1:1f 1:7p 1:s 1:6d 1:27w 1:3 1:5 1:8e 1:62 1:m 1:86 ' +
  '1:6r 1:24 1:27x 1:3y 1:61 1:3q 1:f 1:3k 1:ux 1:5k 1:5l 1:6f 1:mz 1:5m 1:67 1:83 1:5o 1:3 1:5i 1:5p 1:n2 1:5r ' +
  '1:5s 1:2 1:5t 1:wk 1:1s 1:6j 1:5v 1:8c 1:74 1:87 1:5x 1:5w 1:5n 1:3c 1:1b 1:6c 1:81 1:6s 1:17 1:1f 1:7p 1:s ' +
  '1:6d 1:27w 1:3 1:5 1:8e 1:62 1:m 1:86 1:6r 1:24 1:27x 1:3y 1:61 1:3q 1:f 1:3k 1:ux 1:5k 1:5l 1:6f 1:mz 1:5m ' +
  '1:67 1:83 1:5o 1:3 1:5i 1:5p 1:n2 1:5r 1:5s 1:2 1:5t 1:wk 1:1s 1:6j 1:5v 1:8c 1:74 1:87 1:5x 1:5w 1:5n 1:3c ' +
  '1:1b 1:6c 1:81 1:6s 1:17 1:1f 1:7p 1:s 1:6d 1:27w 1:3 1:5 1:8e 1:62 1:m 1:86 1:6r 1:24 1:27x 1:3y 1:61 1:3q ' +
  '1:f 1:3k 1:ux 1:5k 1:5l 1:6f 1:mz 1:5m 1:67 1:83 1:5o 1:3 1:5i 1:5p 1:n2 1:5r 1:5s 1:2 1:5t 1:wk 1:1s 1:6j ' +
  '1:5v 1:8c 1:74 1:87 1:5x 1:5w 1:5n 1:3c 1:1b 1:6c 1:81 1:6s 1:17 1:1f 1:7p 1:s 1:6d 1:27w 1:3 1:5 1:8e 1:62 ' +
  '1:m 1:86 1:6r 1:24 1:27x 1:3y 1:61 1:3q 1:f 1:3k 1:ux 1:5k 1:5l 1:6f 1:mz 1:5m 1:67 1:83 1:5o 1:3 1:5i 1:5p ' +
  '1:n2 1:5r 1:5s 1:2 1:5t 1:wk 1:1s 1:6j 1:5v 1:8c 1:74 1:87 1:5x 1:5w 1:5n 1:3c 1:1b 1:6c 1:81 1:6s 1:17 1:1f ' +
  '1:7p 1:s 1:6d 1:27w 1:3 1:5 1:8e 1:62 1:m 1:86 1:6r 1:24 1:27x 1:3y 1:61 1:3q 1:f 1:3k 1:ux 1:5k 1:5l 1:6f ' +
  '1:mz 1:5m 1:67 1:83 1:5o 1:3 1:5i 1:5p 1:n2 1:5r 1:5s 1:2 1:5t 1:wk 1:1s 1:6j 1:5v 1:8c 1:74 1:87 1:5x 1:5w ' +
  '1:5n 1:3c 1:1b 1:6c 1:81 1:6s 1:17 1:1f 1:7p 1:s 1:6d 1:27w 1:3 1:5 1:8e 1:62 1:m 1:86 1:6r 1:24 1:27x 1:3y ' +
  '1:61 1:3q 1:f 1:3k 1:ux 1:s 1:8d 3:5k 1:5l 1:6k 1:n4 1:5m 1:5n 1:5o 1:1n 1:3 1:5p 1:5q 1:5r 1:5s 1:11w 1:2 ' +
  '1:6m 1:5t 1:1n 1:5u 1:5v 1:5w 1:6n 1:5x 1:72 1:sl 1:278 1:3c 1:5y 1:3k 1:5z 1:3i 1:27y 1:10 1:1n 1:s 1:60 ' +
  '1:13n 1:a 1:61 1:27z 1:62 1:65 1:m 1:66 1:62 1:63 1:3y 1:64 1:13q 1:73 1:yu 1:280 1:3i 1:1n 1:60 1:64 1:m 1:65 ' +
  '1:5k 1:5l 1:6k 1:n4 1:5m 1:5n 1:5o 1:1n 1:3 1:5p 1:5q 1:5r 1:5s 1:11w 1:2 1:6m 1:5t 1:1n 1:5u 1:5v 1:5w 1:6n ' +
  '1:5x 1:72 1:sl 1:278 1:3c 1:5y 1:3k 1:5z 1:3i 1:27y 1:10 1:1n 1:s 1:60 1:13n 1:a 1:61 1:27z 1:62 1:65 1:m 1:66 ' +
  '1:62 1:63 1:3y 1:64 1:13q 1:73 1:yu 1:280 1:3i 1:1n 1:60 1:64 1:m 1:65 1:5k 1:5l 1:6k 1:n4 1:5m 1:5n 1:5o 1:1n ' +
  '1:3 1:5p 1:5q 1:5r 1:5s 1:11w 1:2 1:6m 1:5t 1:1n 1:5u 1:5v 1:5w 1:6n 1:5x 1:72 1:sl 1:278 1:3c 1:5y 1:3k 1:5z ' +
  '1:3i 1:27y 1:10 1:1n 1:s 1:60 1:13n 1:a 1:61 1:27z 1:62 1:65 1:m 1:66 1:62 1:63 1:3y 1:64 1:13q 1:73 1:yu ' +
  '1:280 1:3i 1:1n 1:60 1:64 1:m 1:65 1:5k 1:5l 1:6k 1:n4 1:5m 1:5n 1:5o 1:1n 1:3 1:5p 1:5q 1:5r 1:5s 1:11w 1:2 ' +
  '1:6m 1:5t 1:1n 1:5u 1:5v 1:5w 1:6n 1:5x 1:72 1:sl 1:278 1:3c 1:5y 1:3k 1:5z 1:3i 1:27y 1:10 1:1n 1:s 1:60 ' +
  '1:13n 1:a 1:61 1:27z 1:62 1:65 1:m 1:66 1:62 1:63 1:3y 1:64 1:13q 1:73 1:yu 1:280 1:3i 1:1n 1:60 1:64 1:m 1:65 ' +
  '1:5k 1:5l 1:6k 1:n4 1:5m 1:5n 1:5o 1:1n 1:3 1:5p 1:5q 1:5r 1:5s 1:11w 1:2 1:6m 1:5t 1:1n 1:5u 1:5v 1:5w 1:6n ' +
  '1:5x 1:72 1:sl 1:278 1:3c 1:5y 1:3k 1:5z 1:3i 1:27y 1:10 1:1n 1:s 1:60 1:13n 1:a 1:61 1:27z 1:62 1:65 1:m 1:66 ' +
  '1:62 1:63 1:3y 1:64 1:13q 1:73 1:yu 1:280 1:3i 1:1n 1:60 1:64 1:m 1:65 1:67 1:281 3:2 1:3 1:1t 1:21 1:n1 1:23 ' +
  '1:6b 1:25s 1:2y 1:bw 1:2 1:3 1:1t 1:21 1:n1 1:23 1:6b 1:25s 1:2y 1:bw 1:2 1:3 1:1t 1:21 1:n1 1:23 1:6b 1:25s ' +
  '1:2y 1:bw 1:2 1:3 1:1t 1:21 1:n1 1:23 1:6b 1:25s 1:2y 1:bw 1:2 1:3 1:1t 1:21 1:n1 1:23 1:6b 1:25s 1:2y 1:bw ' +
  '2y2:t3 5:282 d5:3 1:283 1:a2 2:2y 1:280 1:j 10z:3 1:24n 1:24o 1:24r 2:as 1:24u 1:24p 1:24y 1:8x 1:9m 1:252 ' +
  '1:253 1:254 1:24v 1:8p 1:9l 1:24w 1:251 1:24t 1:8v 1:99 1:8u 1:24q 1:24s 1:24x 1:24z 1:250 1:8x 1:8x 1:96 1:96 ' +
  '2:24n 1:24o 2:62 3:24p 2:8x 1:9m 1:252 1:253 1:254 1:24v 1:8p 1:9l 1:24w 1:251 2:8v 1:99 1:8u 1:24q 2:24x ' +
  '2:250 7:24o 5:24p 2:8x 2:252 2:254 1:24v 1:8p 2:24w 1:251 2:8v 3:24q 2:24x 2:250 2:8x 2:96 2:24n 1:24o 2:62 ' +
  '3:24p 1:24y 1:8x 1:9m 2:253 1:254 1:24v 1:8p 1:9l 1:24w 1:251 2:8v 1:99 1:8u 1:24q 2:24x 1:24z 1:250 1:8x 2:96 ' +
  '2:3 1:24n 1:24o 1:24r 1:62 1:as 1:24u 1:24p 1:24y 1:8x 2:252 1:253 1:254 1:24v 1:8p 1:9l 1:24w 1:251 1:24t ' +
  '1:8v 1:99 1:8u 1:24q 1:24s 1:24x 1:24z 1:250 6:24n 1:24o 1:24r 2:as 1:24u 1:24p 1:24y 1:8x 2:252 1:253 1:254 ' +
  '1:24v 1:8p 1:9l 1:24w 1:251 1:24t 1:8v 1:99 1:8u 1:24q 1:24s 1:24x 1:24z 1:250 g5:284 1:285 1:286 1:287 1:288 ' +
  '1:289 1:28a 1:28b 1:28c 1:28d 1:28e 5:28f 1:28g 1:28h 1:28i 1:28j 1:28k 1:28l 1:28m 1:28n 1:zh 1:28o 1:28p ' +
  '1:28q 1:28r 1:28s 1:28t 1:28u 1:28v 1:28w 1:28x 1:28y 1:28z 1:290 1:291 1:292 1:293 1:294 1:28x 1v:295 1:296 ' +
  '5u:297 1:1de 1:1dd 1:298 1:299 1:29a 1:29b 1:29c 1:29d 5m:29e 6:z5 1:29e q:29f r:29g 1:29g 3:29h 1:29i 10:29j ' +
  '2z:29k 17:29l 1i:29m 5t:29n do:29o 1:27p 1:n4 2:11q 3:29p 1:29q 2:29r a:1n k:y5 i:29s i:6f 8:y9 1:29t 7:29u ' +
  '2:11y a:5v 3:29v 1:29w 5:29x vz:2 1:3 1:1t 1:21 1:n1 1:23 1:6b 1:25s 1:2y 1:bw 22j:16m 2wv:29y 2c:29z 80:2a0 ' +
  '1tt:yg 10d:2a1 4sb:2a2 2bh:2a3 1lp:2a4 1x6:2a5 24p:2a6 1gp:2a7 czj:2a8 1o5:2a9 4:2aa 55v:1t8 7mn:2ab 1:2ac ' +
  '1:2ad 1:2ae 1:2af 1:1t3 1:2ag 1:1gg 1:2ah 1:2ai 1:1t4 1:2aj 1:2ak 1:2al 1:1t5 1:2am 1:2an 1:2ao 1:2ap 1:2aq ' +
  '1:2ar 1:2as 1:2at 1:2au 1:2av 1:2aw 1:2ax 1:1un 1:2ay 1:16m 1:2az 1:2b0 1:2b1 1:2b2 1:2b3 1:2b4 1:2b5 1:1us ' +
  '1:1t6 1:1t7 1:1ut 1:2b6 1:2b7 1:1o7 1:2b8 1:1t8 1:2b9 1:2ba 1:2bb 1:2bc 1:2bc 1:2bc 1:2bd 1:2be 1:2bf 1:2bg ' +
  '1:2bh 1:2bi 1:2bj 1:2bk 1:2bl 1:2bm 1:2bn 1:2bo 1:2bp 1:2bq 1:2br 1:1gl 1:2bs 1:2bt 1:2bt 1:1uv 1:2bu 1:2bv ' +
  '1:2bw 1:2bx 1:1ta 1:2by 1:2bz 1:2c0 1:1s9 1:2c1 1:2c2 1:2c3 1:2c4 1:2c5 1:2c6 1:2c7 1:2c8 1:2c9 1:2ca 1:29y ' +
  '1:2cb 1:29z 1:2cc 1:2cd 1:2a0 1:2ce 1:2cf 1:2cg 1:2ch 1:2ci 1:2cj 1:2ck 1:2cl 1:2cm 1:2cn 1:2cn 1:2co 1:2cp ' +
  '1:2cq 1:1o3 1:2cr 1:2cs 1:2ct 1:2cu 1:2cv 1:14l 1:2cw 1:2cx 1:17b 1:2a9 1:2cy 1:2cz 1:2d0 1:2d1 1:2d2 1:2d3 ' +
  '1:2d4 1:2d5 1:2d6 1:2d7 1:2d8 1:2d9 1:2da 1:2db 1:2dc 1:2dd 1:2de 1:2df 1:2dg 1:2dh 1:1mo 1:2di 1:17k 1:2dj ' +
  '1:2dj 1:2dk 1:2dl 1:2dl 1:2dm 1:2dn 1:2do 1:2dp 1:2dq 1:2dr 1:2a1 1:2ds 1:2dt 1:2du 1:2dv 1:2dw 1:2dx 1:1tf ' +
  '1:2dy 1:2dz 1:2e0 1:2e1 1:1v7 1:2e1 1:2e2 1:1th 1:2e3 1:2e4 1:2e5 1:2e6 1:1ti 1:1lx 1:2e7 1:2e8 1:2e9 1:2ea ' +
  '1:2eb 1:2ec 1:2ed 1:2ee 1:2ef 1:2eg 1:2eh 1:2ei 1:2ej 1:2ek 1:2el 1:2em 1:2en 1:2eo 1:2ep 1:2eq 1:2er 1:2es ' +
  '1:1tj 1:2et 1:2eu 1:2ev 1:2ew 1:2ex 1:2ey 1:1tl 1:2ez 1:2f0 1:2f1 1:2f2 1:2f3 1:2f4 1:2f5 1:2f6 1:1mp 1:1vf ' +
  '1:2f7 1:2f8 1:2f9 1:2fa 1:2fb 1:2fc 1:2fd 1:2fe 1:1tm 1:2ff 1:2fg 1:2fh 1:2fi 1:1wl 1:2fj 1:2fk 1:2fl 1:2fm ' +
  '1:2fn 1:2fo 1:2fp 1:2fq 1:2fr 1:2fs 1:2ft 1:2fu 1:2fv 1:1ok 1:2fw 1:2fx 1:2fy 1:2fz 1:2g0 1:2g1 1:2g2 1:2g3 ' +
  '1:2g4 1:2g5 1:2g6 1:1tn 1:1qu 1:2g7 1:2g8 1:2a2 1:2g9 1:2ga 1:2gb 1:2gc 1:2gd 1:1vi 1:2ge 1:2gf 1:2gg 1:2gh ' +
  '1:2gi 1:2gj 1:2gk 1:2gl 1:1vj 1:2gm 1:2gn 1:2go 1:2gp 1:2gq 1:2gr 1:2gs 1:2gt 1:2gu 1:2gv 1:2gw 1:2gx 1:1vl ' +
  '1:2gy 1:2gz 1:2h0 1:2h1 1:2h2 1:2a8 1:2h3 1:2h4 1:2h5 1:2a3 1:2h6 1:2h6 1:2h7 1:2h8 1:1vn 1:2h9 1:2ha 1:2hb ' +
  '1:2hc 1:2hd 1:2he 1:2hf 1:1o6 1:2hg 1:2hh 1:2hi 1:2hj 1:2hk 1:2hl 1:2hm 1:1vt 1:2hn 1:2ho 1:2a4 1:2hp 1:2hq ' +
  '1:2hr 1:2hr 1:1vu 1:1hp 1:2hs 1:2ht 1:2hu 1:2hv 1:2hw 1:1n5 1:1vw 1:2hx 1:2hy 1:1tx 1:2hz 1:2i0 1:1ss 1:2i1 ' +
  '1:2i2 1:1u1 1:2i3 1:2i4 1:2i5 1:2i6 1:2i6 1:2i7 1:2i8 1:2i9 1:2ia 1:2ib 1:2ic 1:2id 1:2ie 1:2if 1:2ig 1:2ih ' +
  '1:2ii 1:2ij 1:2ik 1:2il 1:2im 1:2in 1:2io 1:2ip 1:2iq 1:2ir 1:2is 1:2it 1:2iu 1:2iv 1:2iw 1:2ix 1:1u7 1:2iy ' +
  '1:2iz 1:2j0 1:2a6 1:2j1 1:2aa 1:2j2 1:2j3 1:2j4 1:2j5 1:2j6 1:2j7 1:2j8 1:2j9 1:2ja 1:2jb 1:2dk 1:2jc 1:2jd ' +
  '1:2je 1:2jf 1:2jg 1:2jh 1:2ji 1:2jj 1:2jk 1:2jl 1:2jm 1:2jn 1:1on 1:2jo 1:2jp 1:2jq 1:2jr 1:2js 1:2jt 1:1u9 ' +
  '1:2ju 1:2jv 1:2jw 1:2jx 1:2a7 1:2jy 1:2jz 1:2k0 1:2k1 1:2k2 1:2k3 1:2k4 1:2k5 1:2k6 1:2k7 1:2k8 1:2k9 1:2ka ' +
  '1:2kb 1:2kc 1:1n0 1:2kd 1:2ke 1:2kf 1:2kg 1:2kh 1:2ki 1:1w3 1:2kj 1:2kk 1:2kl 1:2km 1:2kn 1:2ko 1:2kp 1:2kq ' +
  '1:1a2 1:2kr 1:2ks 1:2kt 1:2ku 1:2kv 1:2kw 1:1gb 1:2kx 1:2ky 1:2kz 1:2l0 1:1w8 1:1w9 1:1a9 1:2l1 1:2l2 1:2l3 ' +
  '1:2a5 1:2l4 1:2l5 1:2l6 1:2l7 1:2l8 1:2l9 1:2la 1:2lb 1:1wa 1:2lc 1:2ld 1:2le 1:2lf 1:2lg 1:2lh 1:2li 1:2lj ' +
  '1:2lk 1:2ll 1:2lm 1:2ln 1:2lo 1:2lp 1:2lq 1:2lr 1:2ls 1:2lt 1:2lu 1:2lv 1:2lw 1:2lx 1:2ly 1:2lz 1:2m0 1:2m1 ' +
  '1:2m2 1:2m3 1:2m4 1:2m5 1:1wg 1:1wg 1:2m6 1:2m7 1:2m8 1:2m9 1:2ma 1:2mb 1:2mc 1:2md 1:2me 1:2mf 1:1wh 1:2mg ' +
  '1:2mh 1:2mi 1:2mj 1:2mk 1:2ml 1:2mm 1:2mn 1:2mo 1:2mp 1:1bi 1:2mq 1:1bm 1:2mr 1:2ms 1:2mt 1:2mu 1:1br 1:2mv ' +
  '76n:2im'
