/**
 * Linear attenuation coefficients per mm at 20 keV, near the mean energy of a mammographic beam (tungsten or molybdenum
 * anode, 28 to 32 kV). Fat, fibroglandular tissue (fibrous) and carcinoma (infiltrating duct): Johns and Yaffe, "X-ray
 * characterisation of normal and neoplastic breast tissues", Physics in Medicine and Biology 32, 1987, 675-695. Skin and
 * muscle are water-like, close to fibrous tissue (ICRU Report 44; Hubbell and Seltzer, NIST tables). Solid
 * hydroxyapatite, 3.16 g/cm3, would have about 2 per mm from the elements of those tables; calcifications are porous
 * and mixed with tissue, so a part of that is taken, and a speck's density varies around it.
 */
export const ATTENUATION_PER_MM = {
  fat: 0.0456,
  gland: 0.0802,
  mass: 0.0844,
  skin: 0.08,
  muscle: 0.079,
  calcification: 1.1,
} as const;
