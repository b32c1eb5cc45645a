/** What the images of one examination have in common, and what names each of them. */

/** Patient, study and equipment. Dates are YYYYMMDD, times HHMMSS. */
export interface Examination {
  readonly patient: {
    /** Components separated by ^ (PS3.5 6.2.1). */
    readonly name: string;
    readonly id: string;
    readonly issuer: string;
    readonly birthDate: string;
    /** nnnY. */
    readonly age: string;
    readonly comments: string;
  };
  readonly study: {
    readonly uid: string;
    readonly id: string;
    readonly date: string;
    readonly time: string;
    readonly description: string;
  };
  readonly equipment: {
    readonly manufacturer: string;
    readonly model: string;
    readonly softwareVersion: string;
    readonly serialNumber: string;
    readonly station: string;
    readonly institution: string;
    readonly address: string;
  };
  /** Said of every image; for made images that they are made. */
  readonly comments: string;
  /** Components separated by ^. */
  readonly operator: string;
}

/** Which object of the examination it is. */
export interface Instance {
  readonly sopInstanceUid: string;
  readonly number: number;
  readonly series: { readonly uid: string; readonly number: number; readonly description: string };
}

/** How the beam was made. Lengths in mm. */
export interface Exposure {
  readonly kvp: number;
  readonly tubeCurrentMa: number;
  /** Of all projections together. */
  readonly timeMs: number;
  readonly anode: 'TUNGSTEN' | 'MOLYBDENUM' | 'RHODIUM';
  readonly filter: string;
  readonly filterMm: number;
  readonly focalSpotMm: number;
  readonly halfValueLayerMm: number;
  readonly entranceDoseMgy: number;
  /** Mean glandular dose. */
  readonly organDoseMgy: number;
  readonly thicknessMm: number;
  readonly compressionN: number;
  readonly sourceToDetectorMm: number;
  readonly sourceToBreastMm: number;
  readonly hasGrid: boolean;
}

/** Rows and columns of an image, and the distance of their centres. */
export interface PixelGrid {
  readonly rows: number;
  readonly columns: number;
  readonly spacingMm: number;
  readonly bitsStored: number;
}
