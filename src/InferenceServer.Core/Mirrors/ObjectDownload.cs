using System.Buffers;
using System.Buffers.Binary;
using System.IO.Abstractions;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Mirrors;

/// <summary>Writes objects to files: so many at once, each a few times when the store or the way to it fails, and never more of one than its listing says.</summary>
/// <param name="files">The file system.</param>
/// <param name="options">How many at once, how often, how patiently.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where it is told.</param>
internal sealed class ObjectDownload(IFileSystem files, MirrorOptions options, TimeProvider time, ILogger logger) : IDisposable
{
    private const int BufferSize = 256 * 1024;

    private readonly SemaphoreSlim _slots = new(options.ParallelDownloads);

    /// <summary>Downloads one object.</summary>
    /// <exception cref="RemoteRepositoryException">The store failed for the last time, or has something else than what was listed.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public async Task RunAsync(IRemoteRepository repository, string model, RemoteObject one, string path, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await TryAsync(repository, one, path, cancellationToken).ConfigureAwait(false);
                SetTime(files, path, one);
                return;
            }
            catch (RemoteRepositoryException exception) when (exception.IsTransient && attempt < options.Attempts)
            {
                MirrorLog.DownloadRetried(logger, model, RemoteKeys.Show(one.Key), attempt, options.Attempts - 1, exception.Message);
            }

            await Task.Delay(PauseBefore(attempt), time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What keeps a store from answering is given a little longer each time.</summary>
    public static TimeSpan PauseBefore(int retry) => TimeSpan.FromMilliseconds(Math.Min(10_000, 100L << Math.Min(retry - 1, 10)));

    /// <summary>
    /// Sets a file's time: the object's, to the second, and below that something of its tag, so that a file which holds other content has another time even where it was written in the same second.
    /// </summary>
    public static void SetTime(IFileSystem files, string path, RemoteObject one)
    {
        var tag = BinaryPrimitives.ReadUInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(one.Tag)));
        var written = one.LastWriteUtc > DateTime.UnixEpoch ? one.LastWriteUtc : DateTime.UnixEpoch;
        files.File.SetLastWriteTimeUtc(path, written.AddTicks((tag % TimeSpan.TicksPerSecond) - (written.Ticks % TimeSpan.TicksPerSecond)));
    }

    public void Dispose() => _slots.Dispose();

    private async Task TryAsync(IRemoteRepository repository, RemoteObject one, string path, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            var source = await repository.OpenAsync(one, cancellationToken).ConfigureAwait(false);
            await using (source.ConfigureAwait(false))
            {
                var target = files.FileStream.New(path, FileMode.Create, FileAccess.Write, FileShare.None);
                await using (target.ConfigureAwait(false))
                {
                    await CopyAsync(source, target, one.Size, buffer, cancellationToken).ConfigureAwait(false);

                    // What gets its name after this must be there after a loss of power too.
                    target.Flush(flushToDisk: true);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            _slots.Release();
        }
    }

    private async Task CopyAsync(Stream source, Stream target, long size, byte[] buffer, CancellationToken cancellationToken)
    {
        var left = size;
        while (true)
        {
            var count = await ReadAsync(source, buffer, cancellationToken).ConfigureAwait(false);
            left -= count;
            if (left < 0)
            {
                throw new RemoteRepositoryException($"the store sent more than the {size} bytes that it had listed") { IsChanged = true };
            }

            if (count == 0)
            {
                break;
            }

            await target.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
        }

        if (left > 0)
        {
            throw new RemoteRepositoryException($"the store sent {size - left} of the {size} bytes that it had listed") { IsTransient = true };
        }
    }

    private async Task<int> ReadAsync(Stream source, byte[] buffer, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(options.StallTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await source.ReadAsync(buffer, either.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever the library makes of a connection that breaks off.
            throw new RemoteRepositoryException(patience.IsCancellationRequested ? $"the store sent nothing for {options.StallTimeout.TotalSeconds:F0} s" : "the connection broke off", exception) { IsTransient = true };
        }
    }
}
