/** Modules that all objects of results have: whose they are, who made them, and that they are no medical device's. */
import type { Identity } from '../header/attributes.ts';
import { CODES } from '../write/codes.ts';
import type { WrittenDataSet } from '../write/data-set.ts';
import { uidOf } from '../write/uid.ts';
import type { Algorithm } from './findings.ts';

/** Stands in every object of results, where its kind has room for words. */
export const STATEMENT = 'Result of research software. Not a medical device.';

/** What the program is called in every object. */
export const PROGRAM = 'mammoscope';

/** Where results are made, from the settings of whoever runs the program. */
export interface ResultMaker {
  readonly institution: string;
  readonly address: string;
  readonly department: string;
  readonly station: string;
  /** Not empty, and neither is the version. */
  readonly serialNumber: string;
  /** Of the program. */
  readonly softwareVersion: string;
}

/** When results are made: YYYYMMDD and HHMMSS. */
export interface ResultTime {
  readonly date: string;
  readonly time: string;
}

/** One object among the results of a reading. */
export interface ResultInstance {
  readonly sopInstanceUid: string;
  readonly number: number;
  readonly series: {
    readonly uid: string;
    readonly number: number;
    readonly modality: string;
    readonly description: string;
  };
}

/** What every object of results is made of, besides the results. */
export interface ResultContext {
  readonly identity: Identity;
  readonly algorithm: Algorithm;
  readonly maker: ResultMaker;
  readonly time: ResultTime;
}

/** Patient, Patient Study and General Study (PS3.3 C.7.1.1, C.7.2.2, C.7.2.1) as the image has them; what it lacks and type 2 asks for is empty. */
export function patientAndStudy({ identity }: ResultContext): WrittenDataSet {
  const { ContentDate: _, ContentTime: __, SpecificCharacterSet: ___, ...kept } = identity;
  return {
    PatientName: '',
    PatientID: '',
    PatientBirthDate: '',
    PatientSex: '',
    StudyDate: '',
    StudyTime: '',
    StudyID: '',
    AccessionNumber: '',
    ReferringPhysicianName: '',
    ...kept,
  };
}

/** General Series, PS3.3 C.7.3.1. */
export function resultSeries({ time }: ResultContext, { series }: ResultInstance): WrittenDataSet {
  return {
    Modality: series.modality,
    SeriesInstanceUID: series.uid,
    SeriesNumber: series.number,
    SeriesDate: time.date,
    SeriesTime: time.time,
    SeriesDescription: series.description,
  };
}

/** General and Enhanced General Equipment, PS3.3 C.7.5.1 and C.7.5.2: the program, where it runs. */
export function resultEquipment({ maker }: ResultContext): WrittenDataSet {
  return {
    ...program(maker),
    InstitutionName: maker.institution,
    InstitutionAddress: maker.address,
    InstitutionalDepartmentName: maker.department,
    StationName: maker.station,
  };
}

function program({ serialNumber, softwareVersion }: ResultMaker): WrittenDataSet {
  return {
    Manufacturer: PROGRAM,
    ManufacturerModelName: PROGRAM,
    DeviceSerialNumber: serialNumber,
    SoftwareVersions: [softwareVersion],
  };
}

/** SOP Common, PS3.3 C.12.1, with the program as contributing equipment, which is where any kind of object has room for words. */
export function resultCommon(context: ResultContext, instance: ResultInstance, sopClassUid: string): WrittenDataSet {
  return {
    SpecificCharacterSet: ['ISO_IR 192'],
    SOPClassUID: sopClassUid,
    SOPInstanceUID: instance.sopInstanceUid,
    InstanceNumber: instance.number,
    InstanceCreationDate: context.time.date,
    InstanceCreationTime: context.time.time,
    ContributingEquipmentSequence: [
      {
        PurposeOfReferenceCodeSequence: [CODES.processingEquipment],
        ...program(context.maker),
        ContributionDescription: STATEMENT,
      },
    ],
  };
}

/** Identifies the program as an observer: the same on one machine of one institution. */
export function deviceUid({ institution, station, serialNumber }: ResultMaker): string {
  return uidOf('mammoscope', 'device', institution, station, serialNumber);
}
