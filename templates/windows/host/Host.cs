// The service host, which keeps ssh running for each tunnel of one vendor.
namespace Culvert {
  static class Host {
    static int Main() { return 0; }
  }
}
