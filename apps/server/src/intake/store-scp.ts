/** DICOM C-STORE and C-ECHO (PS3.7 9.1.1, 9.1.5): a modality or PACS sends images, which go to a file as they come, never whole into memory. */
import { createServer as createPlain, type Server, type Socket } from 'node:net';
import { PassThrough, type Writable } from 'node:stream';
import { createServer as createSecure } from 'node:tls';
import { fileHead, TRANSFER_SYNTAXES } from '@mammoscope/dicom';
import dimse from 'dcmjs-dimse';
import { reasonOf, ServerError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { DimseSettings, TlsFiles } from '../settings.ts';
import { IMAGE_CLASSES } from './image-facts.ts';
import { type ByteStream, type IncomingFile, receiveFile } from './incoming-file.ts';
import { limitedStream } from './limited-stream.ts';
import { pduLengths } from './pdu-lengths.ts';
import { type IntakePlace, type Sender, storeImage } from './store-image.ts';
import { refusalOf } from './take-file.ts';

const { PresentationContextResult, RejectReason, RejectResult, RejectSource } = dimse.constants;
const { CEchoResponse, CStoreResponse } = dimse.responses;

/** PS3.4 table B.2-1 and PS3.7 annex C. */
const STATUS = {
  success: 0x0000,
  outOfResources: 0xa700,
  classNotSupported: 0x0122,
  cannotUnderstand: 0xc000,
} as const;
/** The class of C-ECHO. */
const VERIFICATION = '1.2.840.10008.1.1';
/** Held between the network and the disk at most, before a sender is made to wait. */
const HELD_BYTES = 2 ** 24;
/** Associations at a time. */
const ASSOCIATIONS = 32;
/** A connection on which nothing comes for so long is closed, as one that only listens would keep others out. */
const IDLE_MS = 60_000;

/** What the service is made of. */
export interface ScpPlace extends IntakePlace {
  readonly settings: DimseSettings;
  readonly group: string;
  readonly host: string;
  readonly tls?: TlsFiles | undefined;
  readonly log: Log;
  readonly onImage: (outcome: string) => void;
}

/** Listens; close() ends it. */
export async function listenForImages(place: ScpPlace): Promise<Server> {
  dimse.log.setLevel('silent'); // what it would log are data sets, and so names
  const StoreScp = storeScp(place);
  const accept = (socket: Socket) => {
    let isEnded = false;
    // the library tells of what fails and leaves the connection open
    const failed = (error: Error) => {
      if (!isEnded) place.log('warn', 'dimse-failed', { reason: reasonOf(error) });
      isEnded = true;
      socket.destroy();
    };
    const unfit = pduLengths();
    socket.on('data', (piece: Buffer) => {
      const reason = unfit(piece);
      if (reason !== undefined) failed(new Error(reason));
      // the library writes on whether there is room or not
      if (scp.isFull()) {
        socket.pause();
        scp.whenRoom(() => socket.resume());
      }
    });
    const scp = new StoreScp(socket, { connectTimeout: IDLE_MS });
    scp.on('networkError', failed);
    scp.on('abort', () => socket.destroy()); // PS3.8 9.2.3, AA-3: whoever aborted waits for it
    socket.on('error', failed);
    socket.on('close', () => scp.breakOff());
  };
  const server = place.tls ? createSecure({ ...place.tls, minVersion: 'TLSv1.2' }, accept) : createPlain(accept);
  server.maxConnections = ASSOCIATIONS;
  const told = (error: Error) => place.log('warn', 'dimse-failed', { reason: reasonOf(error) });
  server.on('error', told).on('tlsClientError', told); // also who speaks no TLS, or does not trust the certificate
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(place.settings.port, place.host, () => resolve());
  }).catch((error) => {
    throw new ServerError(
      'setting-invalid',
      `DIMSE cannot listen on ${place.host}:${place.settings.port} (${error.code}): choose another port with --dimse-port`,
    );
  });
  return server;
}

/** The class whose instances each serve one association; the library wants a class, and it must know the place. */
function storeScp(place: ScpPlace) {
  const { settings, log, storage, limits, group } = place;
  return class StoreScp extends dimse.Scp {
    /** The image at hand: an association sends one after the other. */
    #coming: Promise<IncomingFile> | undefined;
    #pipe: PassThrough | undefined;
    #isAccepted = false;

    /** Whether as much is held as may be, and the sender is to wait. */
    isFull(): boolean {
      return this.#pipe?.writableNeedDrain === true;
    }

    /** Calls once, when there is room again or nobody wants the rest. */
    whenRoom(goOn: () => void): void {
      this.#pipe?.once('drain', goOn).once('close', goOn);
    }

    /** The connection is gone: an image that has not come whole is given up at once. */
    breakOff(): void {
      if (this.#pipe === undefined || this.#pipe.writableEnded || this.#pipe.destroyed) return;
      this.#pipe.destroy(new ServerError('upload-incomplete', 'the connection ended before the image was whole'));
      place.onImage('upload-incomplete');
      log('warn', 'image-refused', { code: 'upload-incomplete', source: 'dimse' });
    }

    override associationRequested(association: InstanceType<typeof dimse.association.Association>): void {
      const caller = association.getCallingAeTitle().trim();
      const isCalled = association.getCalledAeTitle().trim() === settings.aeTitle;
      const isKnown = settings.callers.length === 0 || settings.callers.includes(caller);
      this.#isAccepted = isCalled && isKnown;
      if (!this.#isAccepted) {
        log('warn', 'association-rejected', { code: isCalled ? 'caller-unknown' : 'called-unknown' });
        const reason = isCalled ? RejectReason.CallingAeNotRecognized : RejectReason.CalledAeNotRecognized;
        this.sendAssociationReject(RejectResult.Permanent, RejectSource.ServiceUser, reason);
        return;
      }
      for (const { context } of association.getPresentationContexts()) {
        const abstract = context.getAbstractSyntaxUid();
        const isTaken = abstract === VERIFICATION || IMAGE_CLASSES.has(abstract);
        // the first that we read, in the sender's order: nothing is recompressed on the way
        const syntax = context
          .getTransferSyntaxUids()
          .find((uid) => TRANSFER_SYNTAXES.some((known) => known.uid === uid));
        if (isTaken && syntax !== undefined) context.setResult(PresentationContextResult.Accept, syntax);
        else
          context.setResult(
            isTaken
              ? PresentationContextResult.RejectTransferSyntaxesNotSupported
              : PresentationContextResult.RejectAbstractSyntaxNotSupported,
          );
      }
      this.sendAssociationAccept();
    }

    override createStoreWritableStream(
      context: Parameters<InstanceType<typeof dimse.Scp>['createStoreWritableStream']>[0],
      request: InstanceType<typeof dimse.requests.CStoreRequest>,
    ): Writable {
      const syntax = context?.getAcceptedTransferSyntaxUid();
      // the library hands on whatever comes, also after an association was rejected
      if (!this.#isAccepted || !syntax) throw new Error('an image came without an association for it');
      const pipe = new PassThrough({ highWaterMark: HELD_BYTES });
      pipe.on('error', () => undefined); // its reader hears of it, once it reads
      this.#pipe = pipe;
      async function* file(): ByteStreamOf {
        yield fileHead(
          { SOPClassUID: request.getAffectedSopClassUid(), SOPInstanceUID: request.getAffectedSopInstanceUid() },
          syntax,
        );
        yield* pipe as AsyncIterable<Buffer>;
      }
      const { fileBytes, uploadSeconds } = limits;
      const timed = limitedStream(file(), { requestBytes: fileBytes, uploadSeconds });
      const coming = receiveFile(storage.incoming, timed, fileBytes);
      coming.catch(() => pipe.destroy()); // the rest is read and dropped; the answer says why
      this.#coming = coming;
      return pipe;
    }

    override createDatasetFromStoreWritableStream(
      _: Writable,
      context: Parameters<InstanceType<typeof dimse.Scp>['createStoreWritableStream']>[0],
      callback: (dataset: InstanceType<typeof dimse.Dataset>) => void,
    ): void {
      callback(new dimse.Dataset({}, context.getAcceptedTransferSyntaxUid()));
    }

    override cStoreRequest(
      request: InstanceType<typeof dimse.requests.CStoreRequest>,
      callback: (response: InstanceType<typeof CStoreResponse>) => void,
    ): void {
      const response = CStoreResponse.fromRequest(request);
      void this.#store().then((status) => {
        response.setStatus(status);
        callback(response);
      });
    }

    async #store(): Promise<number> {
      const sender: Sender = { source: 'dimse', group, groups: [group] };
      try {
        if (!this.#coming) throw new ServerError('upload-incomplete', 'C-STORE came without an image: send it again');
        await using file = await this.#coming;
        this.#coming = undefined;
        const { isNew } = await storeImage(place, sender, file);
        place.onImage(isNew ? 'stored' : 'known');
        return STATUS.success;
      } catch (error) {
        return this.#refuse(error);
      }
    }

    #refuse(error: unknown): number {
      try {
        const { code } = refusalOf(error);
        place.onImage(code);
        log('warn', 'image-refused', { code, source: 'dimse' });
        return code === 'image-not-accepted' ? STATUS.classNotSupported : STATUS.cannotUnderstand;
      } catch {
        log('error', 'image-not-stored', { source: 'dimse', reason: reasonOf(error) });
        return STATUS.outOfResources; // the sender may try again
      }
    }

    override cEchoRequest(
      request: InstanceType<typeof dimse.requests.CEchoRequest>,
      callback: (response: InstanceType<typeof CEchoResponse>) => void,
    ): void {
      const response = CEchoResponse.fromRequest(request);
      response.setStatus(STATUS.success);
      callback(response);
    }

    override associationReleaseRequested(): void {
      this.sendAssociationReleaseResponse();
    }
  };
}

type ByteStreamOf = AsyncGenerator<ByteStream extends AsyncIterable<infer Piece> ? Piece : never, void, undefined>;
