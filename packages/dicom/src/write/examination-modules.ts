/** Modules that every object of an examination has. */
import { CODES } from './codes.ts';
import type { WrittenDataSet } from './data-set.ts';
import type { Examination, Instance } from './examination.ts';

/** Patient, PS3.3 C.7.1.1, and Patient Study, C.7.2.2. */
export function patient({ patient: { name, id, issuer, birthDate, age, comments } }: Examination): WrittenDataSet {
  return {
    PatientName: name,
    PatientID: id,
    IssuerOfPatientID: issuer,
    PatientBirthDate: birthDate,
    PatientSex: 'F',
    PatientAge: age,
    PatientComments: comments,
  };
}

/** General Study, PS3.3 C.7.2.1. */
export function generalStudy({ study: { uid, id, date, time, description } }: Examination): WrittenDataSet {
  return {
    StudyInstanceUID: uid,
    StudyID: id,
    StudyDate: date,
    StudyTime: time,
    StudyDescription: description,
    ReferringPhysicianName: '',
    AccessionNumber: '',
  };
}

/** General Series, PS3.3 C.7.3.1, with what a series of mammography adds (C.8.11.6, C.8.11.10). */
export function mammographySeries({ study, operator }: Examination, { series }: Instance): WrittenDataSet {
  return {
    Modality: 'MG',
    SeriesInstanceUID: series.uid,
    SeriesNumber: series.number,
    SeriesDescription: series.description,
    SeriesDate: study.date,
    SeriesTime: study.time,
    OperatorsName: [operator],
    BodyPartExamined: 'BREAST',
  };
}

/** Who made an image, as General Equipment (PS3.3 C.7.5.1) and items that name equipment have it. */
export function maker({
  equipment: { manufacturer, model, serialNumber, softwareVersion },
}: Examination): WrittenDataSet {
  return {
    Manufacturer: manufacturer,
    ManufacturerModelName: model,
    DeviceSerialNumber: serialNumber,
    SoftwareVersions: [softwareVersion],
  };
}

/** General and Enhanced General Equipment, PS3.3 C.7.5.1 and C.7.5.2. */
export function equipment(examination: Examination): WrittenDataSet {
  const { station, institution, address, serialNumber } = examination.equipment;
  return {
    ...maker(examination),
    GantryID: serialNumber,
    StationName: station,
    InstitutionName: institution,
    InstitutionAddress: address,
  };
}

/** SOP Common, PS3.3 C.12.1, and who made the object what it is. */
export function sopCommon(examination: Examination, instance: Instance, sopClassUid: string): WrittenDataSet {
  const { comments, study } = examination;
  return {
    SpecificCharacterSet: ['ISO_IR 192'],
    SOPClassUID: sopClassUid,
    SOPInstanceUID: instance.sopInstanceUid,
    InstanceNumber: instance.number,
    InstanceCreationDate: study.date,
    InstanceCreationTime: study.time,
    ContributingEquipmentSequence: [
      {
        PurposeOfReferenceCodeSequence: [CODES.modifyingEquipment],
        ...maker(examination),
        ContributionDescription: comments,
      },
    ],
  };
}
