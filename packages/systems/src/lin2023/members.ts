/** The networks of a run of this system. */
import { SPPNET_MEMBERS, type SppnetMember, type SppnetMemberName } from './sppnet-members.ts';

/** 'detector' draws boxes (the paper's FPNNet); the others are SPPNets, of films and of patches around malignant lesions. */
export type MemberName = 'detector' | SppnetMemberName;
export const MEMBERS = ['detector', ...(Object.keys(SPPNET_MEMBERS) as SppnetMemberName[])] as const;

/** True when a text names a network of this system. */
export const isMemberName = (text: string): text is MemberName => MEMBERS.some((name) => name === text);

/** The SPPNet that a member is; undefined for the detector. */
export const sppnetOf = (name: MemberName): SppnetMember | undefined =>
  name === 'detector' ? undefined : SPPNET_MEMBERS[name];
