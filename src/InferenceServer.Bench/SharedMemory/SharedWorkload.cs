using InferenceServer.Bench.Answers;
using InferenceServer.Bench.Requests;

namespace InferenceServer.Bench.SharedMemory;

/// <summary>What is asked with tensors in shared memory.</summary>
/// <param name="Requests">The requests.</param>
/// <param name="Answers">The answers to them that came without shared memory.</param>
/// <param name="Headers">Fields that every request over HTTP carries.</param>
/// <param name="Plan">The sizes.</param>
/// <param name="ChecksAnswers">Whether the elements of later answers must be those of the first ones.</param>
internal sealed record SharedWorkload(
    IReadOnlyList<InferRequest> Requests,
    IReadOnlyList<Answer> Answers,
    IReadOnlyList<KeyValuePair<string, string>> Headers,
    SharedMemoryPlan Plan,
    bool ChecksAnswers);
